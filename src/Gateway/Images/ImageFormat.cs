namespace Gateway.Images;

/// <summary>
/// An image format, detected by the first bytes only: file names and the sender's headers are not trusted.
/// </summary>
/// <param name="Extensions">As in file names and upload requests; the first is the usual one.</param>
internal sealed record ImageFormat(string MediaType, params IReadOnlyList<string> Extensions)
{
    /// <summary>The length of the longest signature.</summary>
    public const int SniffBytes = 12;

    public static readonly ImageFormat Jpeg = new("image/jpeg", "jpg", "jpeg");
    public static readonly ImageFormat Png = new("image/png", "png");
    public static readonly ImageFormat WebP = new("image/webp", "webp");
    public static readonly ImageFormat Gif = new("image/gif", "gif");

    /// <returns>Null: none of the four formats.</returns>
    public static ImageFormat? Sniff(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? Jpeg
        : start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n']) ? Png
        : start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8) ? Gif
        : start.StartsWith("RIFF"u8) && start.Length >= SniffBytes && start[8..].StartsWith("WEBP"u8) ? WebP
        : null;
}
