using System.Text.Json.Serialization;
using Gateway.Tenants;

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
)
{
    public static ModelDescription From(ImageModel model, TenantPolicy policy)
    {
        var sizes = SizeCap.From(model, policy);
        var ratios = model.AspectRatios.Select(sizes.Fit).OfType<AspectRatio>().ToList();
        return new(
            model.Name,
            model.Title,
            model.Source,
            ModelLimits.From(model, policy, sizes),
            model.Styles,
            ratios,
            model.Price.ToModelPrice([.. ratios.Select(ratio => PriceExample.From(model.Price, ratio))])
        );
    }
}

/// <summary>The model's limits, narrowed by the tenant's policy.</summary>
/// <param name="Width">Its default is a size to begin with that the policy allows.</param>
/// <param name="Height">Its default is a size to begin with that the policy allows.</param>
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
)
{
    public static ModelLimits From(ImageModel model, TenantPolicy policy, SizeCap sizes)
    {
        var (width, height) = sizes.Default;
        return new(
            model.Width with
            {
                Default = width,
            },
            model.Height with
            {
                Default = height,
            },
            policy.MaxPixels,
            model.Quantity with
            {
                Max = Math.Min(model.Quantity.Max, policy.MaxQuantity ?? model.Quantity.Max),
            },
            model.Seed,
            model.PromptMaxLength,
            model.MaxReferences,
            policy.AllowPublic
        );
    }
}

/// <param name="Rule">The formula, in words.</param>
/// <param name="CreditsPerMillionPixels">Null: the price is not in credits.</param>
/// <param name="UsdPerCredit">Decimal string of dollars; null: the price is not in credits.</param>
internal sealed record ModelPrice(string Rule, long? CreditsPerMillionPixels, string? UsdPerCredit, IReadOnlyList<PriceExample> Examples);

/// <param name="Usd">Decimal string of dollars, one image without references.</param>
/// <param name="UsdWithReferences">Decimal string of dollars, one image with references.</param>
internal sealed record PriceExample(int Width, int Height, string Usd, string UsdWithReferences)
{
    public static PriceExample From(ImagePrice price, AspectRatio ratio) =>
        new(
            ratio.Width,
            ratio.Height,
            Edge.Usd.Format(price.Micros(ratio.Width, ratio.Height, 1, hasReferences: false)),
            Edge.Usd.Format(price.Micros(ratio.Width, ratio.Height, 1, hasReferences: true))
        );
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelList))]
internal sealed partial class ModelJson : JsonSerializerContext;
