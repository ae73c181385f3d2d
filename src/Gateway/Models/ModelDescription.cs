using System.Text.Json.Serialization;

namespace Gateway.Models;

/// <summary>The models this tenant may use.</summary>
internal sealed record ModelList(IReadOnlyList<ModelDescription> Models);

/// <param name="Name">Goes into <c>model</c> of a request.</param>
/// <param name="Source">The page the rules were read from.</param>
internal sealed record ModelDescription(
    string Name,
    string Title,
    string Source,
    ModelLimits Limits,
    IReadOnlyList<Style> Styles,
    IReadOnlyList<AspectRatio> AspectRatios,
    ModelPrice Price
);

/// <summary>The model's limits, narrowed by the tenant's policy.</summary>
/// <param name="MaxPixels">Width × height of one image; null: no cap below the two ranges.</param>
/// <param name="PromptMaxLength">Unicode code points.</param>
/// <param name="Public">Whether <c>public: true</c> is allowed.</param>
internal sealed record ModelLimits(
    NumberRange Width,
    NumberRange Height,
    long? MaxPixels,
    NumberRange Quantity,
    NumberRange Seed,
    int PromptMaxLength,
    int MaxReferences,
    bool Public
);

/// <param name="Rule">The formula, in words.</param>
/// <param name="UsdPerCredit">Decimal string of dollars.</param>
internal sealed record ModelPrice(string Rule, long CreditsPerMillionPixels, string UsdPerCredit, IReadOnlyList<PriceExample> Examples);

/// <param name="Usd">Decimal string of dollars, one image without references.</param>
internal sealed record PriceExample(int Width, int Height, string Usd, string UsdWithReferences);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelList))]
internal sealed partial class ModelJson : JsonSerializerContext;
