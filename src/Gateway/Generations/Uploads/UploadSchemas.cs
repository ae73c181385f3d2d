using System.Text.Json.Serialization;
using Gateway.Generations.Reading;

namespace Gateway.Generations.Uploads;

/// <summary>The body of <c>POST /v1/init-image</c> for an upload in two steps, for the OpenAPI document.</summary>
/// <param name="Extension"><c>png</c>, <c>jpg</c>, <c>jpeg</c> or <c>webp</c>.</param>
internal sealed record UploadWanted([property: JsonPropertyName("extension")] string Extension);

/// <summary>The answer of <c>POST /v1/init-image</c>, for the OpenAPI document.</summary>
internal sealed record UploadBegun([property: JsonPropertyName("uploadInitImage")] UploadAddress Upload);

/// <param name="Id">A UUID; with the type <c>UPLOADED</c> it can be a reference image, once the file is there.</param>
/// <param name="Url">Where the form is posted to, within two minutes: at this gateway. Left out where the file came along.</param>
/// <param name="Fields">JSON in a string: fields to put before the file. They may be left out.</param>
internal sealed record UploadAddress(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("key")] string? Key,
    [property: JsonPropertyName("url")] string? Url,
    [property: JsonPropertyName("fields")] string? Fields
);

/// <summary>The answer of <c>GET /v1/init-image/{id}</c>, for the OpenAPI document.</summary>
internal sealed record UploadFound([property: JsonPropertyName("init_images_by_pk")] SeenUpload Upload);

/// <param name="Url">The image, at this gateway.</param>
/// <param name="CreatedAt">UTC, written without a zone, as the upstream does.</param>
internal sealed record SeenUpload(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("createdAt")] string CreatedAt
);

/// <summary>The answer of <c>DELETE /v1/init-image/{id}</c>, for the OpenAPI document.</summary>
internal sealed record UploadDeleted([property: JsonPropertyName("delete_init_images_by_pk")] DeletedId Deleted);
