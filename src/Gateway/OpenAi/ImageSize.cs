using System.Globalization;
using System.Runtime.InteropServices;
using Gateway.Models;
using Gateway.Tenants;

namespace Gateway.OpenAi;

/// <summary>Pixels of each image.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ImageSize(int Width, int Height)
{
    private const int DefaultSide = 1024;

    /// <summary>
    /// OpenAI's own sizes that are wider or higher than Leonardo's largest, with nearly the same ratio. No other size
    /// is changed.
    /// </summary>
    private static readonly Dictionary<string, ImageSize> Scaled = new(StringComparer.Ordinal)
    {
        ["1536x1024"] = new(1440, 960),
        ["1024x1536"] = new(960, 1440),
        ["1792x1024"] = new(1440, 823),
        ["1024x1792"] = new(823, 1440),
    };

    /// <param name="text">Null: not given.</param>
    /// <returns>Null: the model has no such size.</returns>
    public static ImageSize? From(string? text, ImageModel model, TenantPolicy policy)
    {
        if (text is null or "auto")
            return Default(model, policy);
        if (Parse(text) is { } size && size.IsWithin(model))
            return size;
        return Scaled.TryGetValue(text, out var scaled) && scaled.IsWithin(model) ? scaled : null;
    }

    public static string Describe(ImageModel model) =>
        $"must be WIDTHxHEIGHT with a width from {model.Width.Min} to {model.Width.Max} and a height from {model.Height.Min} to {model.Height.Max}, "
        + $"auto, or one of {string.Join(", ", Scaled.Keys)}";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Width}x{Height}");

    /// <summary>The largest square that the policy allows, up to the usual one.</summary>
    private static ImageSize Default(ImageModel model, TenantPolicy policy)
    {
        var largest = policy.MaxPixels is { } pixels ? Math.Min(DefaultSide, (long)Math.Sqrt(pixels)) : DefaultSide;
        var side = (int)Math.Clamp(largest, Math.Max(model.Width.Min, model.Height.Min), Math.Min(model.Width.Max, model.Height.Max));
        return new ImageSize(side, side);
    }

    private static ImageSize? Parse(string text) =>
        text.Split('x') is [var width, var height] && TryParse(width, out var x) && TryParse(height, out var y) ? new(x, y) : null;

    private static bool TryParse(string text, out int pixels) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out pixels) && !text.StartsWith('0');

    private bool IsWithin(ImageModel model) => Contains(model.Width, Width) && Contains(model.Height, Height);

    private static bool Contains(NumberRange range, int value) => value >= range.Min && value <= range.Max;
}
