using System.Collections.Frozen;
using Gateway.Tenants;

namespace Gateway.Models;

/// <summary>Every model the gateway serves. A new model is one file beside this one, and one line here.</summary>
internal static class ModelCatalogue
{
    public static IReadOnlyList<ImageModel> All { get; } = [FluxPro2.Model];

    /// <summary>
    /// What at least one model permits: for the OpenAPI document, which describes all models in one schema, and for a
    /// request whose model is unknown.
    /// </summary>
    public static ImageModel Widest { get; } =
        All[0] with
        {
            Width = Widen(model => model.Width),
            Height = Widen(model => model.Height),
            Quantity = Widen(model => model.Quantity),
            Seed = Widen(model => model.Seed),
            PromptMaxLength = All.Max(model => model.PromptMaxLength),
            MaxReferences = All.Max(model => model.MaxReferences),
            ReferenceStrengths = [.. All.SelectMany(model => model.ReferenceStrengths).Distinct(StringComparer.Ordinal)],
            Styles = [.. All.SelectMany(model => model.Styles).Distinct()],
            AspectRatios = [.. All.SelectMany(model => model.AspectRatios).Distinct()],
        };

    private static readonly FrozenDictionary<string, ImageModel> ByName = All.ToFrozenDictionary(
        model => model.Name,
        StringComparer.Ordinal
    );

    /// <summary>The models that a policy permits.</summary>
    public static IEnumerable<ImageModel> AllowedBy(TenantPolicy policy) => All.Where(model => policy.Models?.Contains(model.Name) ?? true);

    public static ImageModel? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>A default is kept only where all models agree on it.</summary>
    private static NumberRange Widen(Func<ImageModel, NumberRange> range)
    {
        var ranges = All.Select(range).ToList();
        return new NumberRange(
            ranges.Min(one => one.Min),
            ranges.Max(one => one.Max),
            ranges.Select(one => one.Default).Distinct().Count() == 1 ? ranges[0].Default : null
        );
    }
}
