using System.Text.Json.Serialization;
using Gateway.Results;

namespace Gateway.Uploads;

/// <summary>The body of <c>POST /v1/init-image</c> for an upload in two steps.</summary>
/// <remarks>
/// These records only describe bodies in the OpenAPI document, where a member with a default is optional.
/// </remarks>
/// <param name="Extension">The format of the file; its first bytes must match.</param>
internal sealed record UploadRequest([property: JsonPropertyName("extension")] string Extension);

/// <summary>The answer of <c>POST /v1/uploads</c>: as it stands, the <c>image</c> of a reference.</summary>
internal sealed record UploadStored([property: JsonPropertyName("id")] string Id, [property: JsonPropertyName("type")] string Type);

/// <summary>The answer of <c>POST /v1/init-image</c>.</summary>
internal sealed record UploadCreated([property: JsonPropertyName("uploadInitImage")] UploadAddress Upload);

/// <param name="Id">Usable as a reference image, with the type <c>UPLOADED</c>, once the file is stored.</param>
/// <param name="Key">Leonardo's name of the file.</param>
/// <param name="Url">The gateway's address to post the form to, within two minutes.</param>
/// <param name="Fields">JSON in a string: form fields to send before the file. They may be left out.</param>
internal sealed record UploadAddress(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("key")] string Key,
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("fields")] string Fields
);

/// <summary>The answer of <c>GET /v1/init-image/{id}</c>.</summary>
internal sealed record UploadFound([property: JsonPropertyName("init_images_by_pk")] UploadResult Upload);

/// <param name="Url">The image, at this gateway.</param>
/// <param name="CreatedAt">UTC, written without a zone, as the upstream does.</param>
internal sealed record UploadResult(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("createdAt")] string CreatedAt
);

/// <summary>The answer of <c>DELETE /v1/init-image/{id}</c>.</summary>
internal sealed record UploadDeleted([property: JsonPropertyName("delete_init_images_by_pk")] DeletedId Deleted);
