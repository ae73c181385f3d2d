using System.Text.Json.Serialization;
using Gateway.Results;

namespace Gateway.Uploads;

/// <summary>The body of <c>POST /v1/init-image</c> for an upload in two steps.</summary>
/// <remarks>These are for the OpenAPI document, in which a member with a default may be left out.</remarks>
/// <param name="Extension">What the file is; its first bytes must say the same.</param>
internal sealed record UploadWanted([property: JsonPropertyName("extension")] string Extension);

/// <summary>The answer of <c>POST /v1/init-image</c>.</summary>
internal sealed record UploadBegun([property: JsonPropertyName("uploadInitImage")] UploadAddress Upload);

/// <param name="Id">With the type <c>UPLOADED</c> it can be a reference image, once the file is there.</param>
/// <param name="Key">Left out where the file came along, as the other two are.</param>
/// <param name="Url">Where the form is posted to, within two minutes: at this gateway.</param>
/// <param name="Fields">JSON in a string: fields to put before the file. They may be left out.</param>
internal sealed record UploadAddress(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("key")] string Key = null!,
    [property: JsonPropertyName("url")] string Url = null!,
    [property: JsonPropertyName("fields")] string Fields = null!
);

/// <summary>The answer of <c>GET /v1/init-image/{id}</c>.</summary>
internal sealed record UploadFound([property: JsonPropertyName("init_images_by_pk")] SeenUpload Upload);

/// <param name="Url">The image, at this gateway.</param>
/// <param name="CreatedAt">UTC, written without a zone, as the upstream does.</param>
internal sealed record SeenUpload(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("createdAt")] string CreatedAt
);

/// <summary>The answer of <c>DELETE /v1/init-image/{id}</c>.</summary>
internal sealed record UploadDeleted([property: JsonPropertyName("delete_init_images_by_pk")] DeletedId Deleted);
