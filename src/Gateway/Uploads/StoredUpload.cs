using Gateway.Leonardo.Replies;

namespace Gateway.Uploads;

/// <summary>An upload as the store has it.</summary>
/// <param name="Form">The presigned form; null: used already.</param>
internal sealed record StoredUpload(
    string Id,
    string Tenant,
    string Extension,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    UploadForm? Form
);
