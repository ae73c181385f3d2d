using System.Text.Json.Serialization;
using Gateway.Leonardo.Replies;

namespace Gateway.Results;

/// <summary>The answer of <c>GET /v1/generations/{id}</c>, and the data of its events.</summary>
/// <remarks>
/// These records only describe answers in the OpenAPI document, where a member with a default is optional;
/// <see cref="GenerationView"/> writes the answer.
/// </remarks>
/// <param name="Generation">
/// As the upstream returns it, without its addresses, user id and undocumented members.
/// </param>
/// <param name="Request">
/// The request as it was sent upstream, complete and ready to be sent again. Left out for generations that were made
/// before the gateway kept it.
/// </param>
/// <param name="User">The person that its request named. Left out if it named none.</param>
/// <param name="Cost">What the tenant was charged, in dollars. Left out once that is not known any more.</param>
internal sealed record GenerationFound(
    [property: JsonPropertyName("generations_by_pk")] GenerationResult Generation,
    [property: JsonPropertyName("request")] RequestSent Request = null!,
    [property: JsonPropertyName("user")] string User = null!,
    [property: JsonPropertyName("cost")] StatedCost Cost = null!
);

/// <param name="Amount">A decimal string: <c>0.0837</c>.</param>
/// <param name="Unit"><c>DOLLARS</c>, or <c>CREDITS</c> where the account is billed so.</param>
internal sealed record StatedCost([property: JsonPropertyName("amount")] string Amount, [property: JsonPropertyName("unit")] string Unit);

/// <summary>A request as it was sent upstream, with every default and the seed.</summary>
internal sealed record RequestSent(
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("public")] bool Public,
    [property: JsonPropertyName("parameters")] ParametersSent Parameters
);

/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Seed">Drawn by the gateway where the caller gave none.</param>
/// <param name="StyleIds">Left out if there were none.</param>
/// <param name="Guidances">Left out if there were no references.</param>
internal sealed record ParametersSent(
    [property: JsonPropertyName("prompt")] string Prompt,
    [property: JsonPropertyName("quantity")] int Quantity,
    [property: JsonPropertyName("width")] int Width,
    [property: JsonPropertyName("height")] int Height,
    [property: JsonPropertyName("seed")] long Seed,
    [property: JsonPropertyName("prompt_enhance")] string PromptEnhance,
    [property: JsonPropertyName("style_ids")] IReadOnlyList<string> StyleIds = null!,
    [property: JsonPropertyName("guidances")] GuidancesSent Guidances = null!
);

internal sealed record GuidancesSent([property: JsonPropertyName("image_reference")] IReadOnlyList<ReferenceSent> References);

internal sealed record ReferenceSent(
    [property: JsonPropertyName("image")] ReferencedImageSent Image,
    [property: JsonPropertyName("strength")] string Strength
);

internal sealed record ReferencedImageSent([property: JsonPropertyName("id")] string Id, [property: JsonPropertyName("type")] string Type);

/// <summary>
/// A generation. Members that the upstream has not stated are left out; before the first poll there are only the first
/// four.
/// </summary>
/// <remarks><see cref="ResultRow"/> writes it.</remarks>
/// <param name="CreatedAt">UTC, written without a zone, as the upstream does.</param>
/// <param name="Images">Empty while it is pending.</param>
/// <param name="Moderations">Why the prompt or the result was flagged.</param>
/// <param name="ModelId">The upstream's UUID of the model; null for models that have none.</param>
/// <param name="PresetStyle">Always null; used by other models.</param>
/// <param name="Elements">Always empty; used by other models.</param>
/// <param name="Request">In a list only: the request as it was sent upstream.</param>
/// <param name="User">In a list only: the person that its request named.</param>
/// <param name="Cost">In a list only: what the tenant was charged, in dollars.</param>
internal sealed record GenerationResult(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("generated_images")] IReadOnlyList<GenerationImage> Images,
    [property: JsonPropertyName("createdAt")] string CreatedAt = null!,
    [property: JsonPropertyName("prompt")] string Prompt = null!,
    [property: JsonPropertyName("negativePrompt")] string NegativePrompt = null!,
    [property: JsonPropertyName("imageWidth")] int ImageWidth = 0,
    [property: JsonPropertyName("imageHeight")] int ImageHeight = 0,
    [property: JsonPropertyName("public")] bool Public = false,
    [property: JsonPropertyName("modelId")] string? ModelId = null,
    [property: JsonPropertyName("sdVersion")] string SdVersion = null!,
    [property: JsonPropertyName("scheduler")] string Scheduler = null!,
    [property: JsonPropertyName("presetStyle")] string? PresetStyle = null,
    [property: JsonPropertyName("seed")] long? Seed = null,
    [property: JsonPropertyName("guidanceScale")] double? GuidanceScale = null,
    [property: JsonPropertyName("inferenceSteps")] double? InferenceSteps = null,
    [property: JsonPropertyName("initStrength")] double? InitStrength = null,
    [property: JsonPropertyName("photoRealStrength")] double? PhotoRealStrength = null,
    [property: JsonPropertyName("promptMagicStrength")] double? PromptMagicStrength = null,
    [property: JsonPropertyName("photoReal")] bool? PhotoReal = null,
    [property: JsonPropertyName("promptMagic")] bool? PromptMagic = null,
    [property: JsonPropertyName("ultra")] bool? Ultra = null,
    [property: JsonPropertyName("generation_elements")] IReadOnlyList<string> Elements = null!,
    [property: JsonPropertyName("prompt_moderations")] IReadOnlyList<GenerationModeration> Moderations = null!,
    [property: JsonPropertyName("request")] RequestSent Request = null!,
    [property: JsonPropertyName("user")] string User = null!,
    [property: JsonPropertyName("cost")] StatedCost Cost = null!
);

internal sealed record GenerationModeration([property: JsonPropertyName("moderationClassification")] IReadOnlyList<string> Classification);

/// <param name="Id">Usable as a reference image, with the type <c>GENERATED</c>.</param>
/// <param name="Url">The image, at this gateway.</param>
/// <param name="Nsfw">Flagged by the upstream.</param>
/// <param name="MotionMp4Url">Always null; used by videos.</param>
/// <param name="MotionModel">Always null; used by videos.</param>
/// <param name="Variations">Always empty; used by other models.</param>
internal sealed record GenerationImage(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("url")] string Url,
    [property: JsonPropertyName("nsfw")] bool Nsfw,
    [property: JsonPropertyName("motionMP4URL")] string? MotionMp4Url,
    [property: JsonPropertyName("motionModel")] string? MotionModel,
    [property: JsonPropertyName("generated_image_variation_generics")] IReadOnlyList<string> Variations,
    [property: JsonPropertyName("likeCount")] int LikeCount = 0,
    [property: JsonPropertyName("imageToVideo")] bool? ImageToVideo = null,
    [property: JsonPropertyName("motion")] bool? Motion = null,
    [property: JsonPropertyName("motionStrength")] double? MotionStrength = null,
    [property: JsonPropertyName("fantasyAvatar")] bool? FantasyAvatar = null
);

/// <summary>The answer of <c>GET /v1/generations</c>.</summary>
/// <param name="Generations">Newest first.</param>
/// <param name="Next">The value of <c>after</c> for the next page; null: this is the last page.</param>
internal sealed record GenerationList(
    [property: JsonPropertyName("generations")] IReadOnlyList<GenerationResult> Generations,
    [property: JsonPropertyName("next")] string? Next
);

/// <summary>The answer of <c>DELETE /v1/generations/{id}</c>.</summary>
internal sealed record GenerationDeleted([property: JsonPropertyName("delete_generations_by_pk")] DeletedId Deleted);

internal sealed record DeletedId([property: JsonPropertyName("id")] string Id);
