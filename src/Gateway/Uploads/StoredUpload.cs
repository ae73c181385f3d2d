using Gateway.Leonardo.Replies;

namespace Gateway.Uploads;

/// <param name="Form">The presigned form; null: the file is stored already.</param>
internal sealed record StoredUpload(
    string Id,
    string Tenant,
    string Extension,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    UploadForm? Form
);
