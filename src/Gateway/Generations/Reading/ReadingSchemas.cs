using System.Text.Json.Serialization;

namespace Gateway.Generations.Reading;

/// <summary>The answer of <c>GET /v1/generations/{id}</c>, for the OpenAPI document; <see cref="GenerationView"/> writes it.</summary>
/// <param name="Generation">As the upstream tells it, but for addresses, the account's user id, and what neither document knows.</param>
internal sealed record GenerationFound([property: JsonPropertyName("generations_by_pk")] SeenGeneration Generation);

/// <param name="Id">A UUID.</param>
/// <param name="Status"><c>PENDING</c>, <c>COMPLETE</c> or <c>FAILED</c>.</param>
/// <param name="CreatedAt">UTC, written without a zone, as the upstream does.</param>
/// <param name="Images">Empty while it is pending.</param>
/// <param name="Moderations">Why the prompt or the result was flagged.</param>
internal sealed record SeenGeneration(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("createdAt")] string CreatedAt,
    [property: JsonPropertyName("prompt")] string? Prompt,
    [property: JsonPropertyName("imageWidth")] int? ImageWidth,
    [property: JsonPropertyName("imageHeight")] int? ImageHeight,
    [property: JsonPropertyName("seed")] long? Seed,
    [property: JsonPropertyName("public")] bool? Public,
    [property: JsonPropertyName("prompt_moderations")] IReadOnlyList<SeenModeration>? Moderations,
    [property: JsonPropertyName("generated_images")] IReadOnlyList<SeenImage> Images
);

internal sealed record SeenModeration([property: JsonPropertyName("moderationClassification")] IReadOnlyList<string> Classification);

/// <param name="Id">A UUID; with the type <c>GENERATED</c> it can be a reference image of another request.</param>
/// <param name="Url">The image, at this gateway.</param>
/// <param name="Nsfw">Flagged by the upstream.</param>
internal sealed record SeenImage(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("nsfw")] bool Nsfw
);

/// <summary>The answer of <c>GET /v1/generations</c>, for the OpenAPI document.</summary>
/// <param name="Generations">Newest first.</param>
/// <param name="Next">Goes into <c>after</c> for the next page; null: this is the last.</param>
internal sealed record GenerationList(
    [property: JsonPropertyName("generations")] IReadOnlyList<SeenGeneration> Generations,
    [property: JsonPropertyName("next")] string? Next
);

/// <summary>The answer of <c>DELETE /v1/generations/{id}</c>, for the OpenAPI document.</summary>
internal sealed record GenerationDeleted([property: JsonPropertyName("delete_generations_by_pk")] DeletedId Deleted);

internal sealed record DeletedId([property: JsonPropertyName("id")] string Id);
