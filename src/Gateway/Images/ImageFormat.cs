namespace Gateway.Images;

/// <summary>A kind of image, told by its first bytes and by nothing else: neither a name nor a header of the sender counts.</summary>
/// <param name="Extensions">As file names and upload requests have them; the first is the usual one.</param>
internal sealed record ImageFormat(string MediaType, params IReadOnlyList<string> Extensions)
{
    /// <summary>As many bytes as the longest of the signatures.</summary>
    public const int SniffBytes = 12;

    public static readonly ImageFormat Jpeg = new("image/jpeg", "jpg", "jpeg");
    public static readonly ImageFormat Png = new("image/png", "png");
    public static readonly ImageFormat WebP = new("image/webp", "webp");
    public static readonly ImageFormat Gif = new("image/gif", "gif");

    /// <returns>Null: none of the four.</returns>
    public static ImageFormat? Sniff(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? Jpeg
        : start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n']) ? Png
        : start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8) ? Gif
        : start.StartsWith("RIFF"u8) && start.Length >= SniffBytes && start[8..].StartsWith("WEBP"u8) ? WebP
        : null;
}
