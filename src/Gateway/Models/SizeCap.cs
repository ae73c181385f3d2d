using Gateway.Tenants;

namespace Gateway.Models;

/// <summary>
/// Sizes within the pixels that a tenant's policy allows: one that is too large is scaled down in its own ratio.
/// </summary>
internal sealed class SizeCap
{
    private const double Tolerance = 1e-6;

    private readonly ImageModel _model;
    private readonly long? _maxPixels;

    private SizeCap(ImageModel model, long? maxPixels) => (_model, _maxPixels) = (model, maxPixels);

    public static SizeCap From(ImageModel model, TenantPolicy policy) => new(model, policy.MaxPixels);

    /// <summary>The model's default, or the largest of its ratio; null, null: the model has none.</summary>
    public (long? Width, long? Height) Default
    {
        get
        {
            if (_model.Width.Default is not { } width || _model.Height.Default is not { } height)
                return (_model.Width.Default, _model.Height.Default);
            // A cap below the smallest size allows nothing: the smallest is the closest.
            return Fit(new AspectRatio("", (int)width, (int)height)) is { } fits
                ? (fits.Width, fits.Height)
                : (_model.Width.Min, _model.Height.Min);
        }
    }

    /// <returns>Null: no size of this ratio is allowed.</returns>
    public AspectRatio? Fit(AspectRatio ratio)
    {
        if (_maxPixels is not { } max || (long)ratio.Width * ratio.Height <= max)
            return ratio;
        var scale = Math.Sqrt((double)max / ((long)ratio.Width * ratio.Height));
        // The root of a square number is not exact: a millionth of a pixel below a whole one is that one.
        var (width, height) = ((int)(ratio.Width * scale + Tolerance), (int)(ratio.Height * scale + Tolerance));
        return width < _model.Width.Min || height < _model.Height.Min ? null : ratio with { Width = width, Height = height };
    }
}
