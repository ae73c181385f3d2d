using System.Runtime.InteropServices;
using SkiaSharp;

namespace Gateway.Images;

/// <summary>
/// Scales an image down and encodes it as WebP. Nothing of the original is copied: no metadata, and nothing that
/// follows the picture in its file.
/// </summary>
internal static class ThumbnailDecoder
{
    /// <summary>Above this an image is not decoded (T-K18).</summary>
    public const long MaxPixels = 40_000_000;

    private const int BytesPerPixel = 4;
    private const int Quality = 80;

    /// <summary>A taller image is scaled by its height: WebP has a limit.</summary>
    private const int MaxTallness = 4;

    /// <summary>What the decoder allocates for it, at most: its pixels once, or the coefficients of a JPEG.</summary>
    /// <returns>Null: it cannot be decoded, or has more than <see cref="MaxPixels"/>.</returns>
    public static long? BytesNeeded(byte[] file, int length, ImageFormat format)
    {
        using var data = new PinnedFile(file, length);
        using var codec = Open(data, format);
        return codec is null ? null : (long)codec.Info.Width * codec.Info.Height * BytesPerPixel;
    }

    /// <param name="length">The file is this long; the array may be longer.</param>
    /// <param name="width">At most so wide: a smaller image is not enlarged.</param>
    /// <returns>Null: it is incomplete or broken.</returns>
    public static byte[]? Scale(byte[] file, int length, ImageFormat format, int width)
    {
        using var data = new PinnedFile(file, length);
        using var codec = Open(data, format);
        if (codec is null)
            return null;
        var isTurned =
            codec.EncodedOrigin
            is SKEncodedOrigin.LeftTop
                or SKEncodedOrigin.RightTop
                or SKEncodedOrigin.RightBottom
                or SKEncodedOrigin.LeftBottom;
        var (shownWidth, shownHeight) = isTurned ? (codec.Info.Height, codec.Info.Width) : (codec.Info.Width, codec.Info.Height);
        var scale = Math.Min(1, Math.Min((float)width / shownWidth, (float)width * MaxTallness / shownHeight));
        using var decoded = Decode(codec, scale);
        if (decoded is null)
            return null;
        using var scaled = Draw(decoded, codec.EncodedOrigin, Scaled(shownWidth, scale), Scaled(shownHeight, scale), isTurned);
        using var encoded = scaled.Encode(SKEncodedImageFormat.Webp, Quality);
        return encoded?.ToArray();
    }

    private static int Scaled(int side, float scale) => Math.Max(1, (int)MathF.Round(side * scale));

    /// <summary>By its signature only: what a decoder detects may be another of its formats.</summary>
    private static SKCodec? Open(PinnedFile file, ImageFormat format)
    {
        var codec = SKCodec.Create(file.Data);
        if (codec is null)
            return null;
        if (
            codec.EncodedFormat == ToSkia(format)
            && codec.Info is { Width: > 0, Height: > 0 } info
            && (long)info.Width * info.Height <= MaxPixels
        )
            return codec;
        codec.Dispose();
        return null;
    }

    private static SKEncodedImageFormat ToSkia(ImageFormat format) =>
        format == ImageFormat.Jpeg ? SKEncodedImageFormat.Jpeg
        : format == ImageFormat.Png ? SKEncodedImageFormat.Png
        : format == ImageFormat.WebP ? SKEncodedImageFormat.Webp
        : SKEncodedImageFormat.Gif;

    /// <summary>Decodes it as small as its format allows, but not smaller than asked.</summary>
    private static SKBitmap? Decode(SKCodec codec, float scale)
    {
        var size = codec.GetScaledDimensions(scale);
        if (size.Width < Scaled(codec.Info.Width, scale) || size.Height < Scaled(codec.Info.Height, scale))
            size = new SKSizeI(codec.Info.Width, codec.Info.Height);
        var info = new SKImageInfo(
            size.Width,
            size.Height,
            SKImageInfo.PlatformColorType,
            codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Premul,
            SKColorSpace.CreateSrgb()
        );
        var bitmap = new SKBitmap();
        if (bitmap.TryAllocPixels(info) && codec.GetPixels(info, bitmap.GetPixels()) == SKCodecResult.Success)
        {
            // An image made of a bitmap that can change copies all its pixels.
            bitmap.SetImmutable();
            return bitmap;
        }
        bitmap.Dispose();
        return null;
    }

    /// <summary>Upright: a browser turns the original by its metadata, which a thumbnail lacks.</summary>
    private static SKImage Draw(SKBitmap decoded, SKEncodedOrigin origin, int width, int height, bool isTurned)
    {
        using var source = SKImage.FromBitmap(decoded);
        using var surface = SKSurface.Create(
            new SKImageInfo(width, height, SKImageInfo.PlatformColorType, decoded.AlphaType, decoded.ColorSpace)
        );
        var canvas = surface.Canvas;
        canvas.SetMatrix(Upright(origin, width, height));
        var (w, h) = isTurned ? (height, width) : (width, height);
        canvas.DrawImage(source, new SKRect(0, 0, w, h), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return surface.Snapshot();
    }

    /// <summary>EXIF, orientations 1 to 8; the size is that of the upright image.</summary>
    private static SKMatrix Upright(SKEncodedOrigin origin, float w, float h) =>
        origin switch
        {
            SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, w, 0, 1, 0, 0, 0, 1),
            SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, w, 0, -1, h, 0, 0, 1),
            SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, h, 0, 0, 1),
            SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightTop => new SKMatrix(0, -1, w, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, w, -1, 0, h, 0, 0, 1),
            SKEncodedOrigin.LeftBottom => new SKMatrix(0, 1, 0, -1, 0, h, 0, 0, 1),
            _ => SKMatrix.Identity,
        };

    /// <summary>The file for the decoder without a second copy of it.</summary>
    private sealed class PinnedFile : IDisposable
    {
        private GCHandle _pin;

        public PinnedFile(byte[] file, int length)
        {
            _pin = GCHandle.Alloc(file, GCHandleType.Pinned);
            Data = SKData.Create(_pin.AddrOfPinnedObject(), length);
        }

        public SKData Data { get; }

        public void Dispose()
        {
            Data.Dispose();
            _pin.Free();
        }
    }
}
