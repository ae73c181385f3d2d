using System.Collections.Frozen;

namespace Gateway.Models;

/// <summary>Every model the gateway serves. A new model is one file beside this one, and one line here.</summary>
internal static class ModelCatalogue
{
    public static IReadOnlyList<ImageModel> All { get; } = [FluxPro2.Model];

    private static readonly FrozenDictionary<string, ImageModel> ByName = All.ToFrozenDictionary(
        model => model.Name,
        StringComparer.Ordinal
    );

    public static ImageModel? Find(string name) => ByName.GetValueOrDefault(name);
}
