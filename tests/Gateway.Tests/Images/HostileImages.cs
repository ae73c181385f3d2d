using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using SkiaSharp;

namespace Gateway.Tests.Images;

/// <summary>Files that begin like an image and must not be decoded, or cannot.</summary>
internal static class HostileImages
{
    public static IEnumerable<(string Name, byte[] Bytes)> All
    {
        get
        {
            var jpeg = ThumbnailTests.Picture(1440, 1440, SKEncodedImageFormat.Jpeg);
            var png = ThumbnailTests.Picture(1440, 1440, SKEncodedImageFormat.Png);
            var webP = ThumbnailTests.Picture(1440, 1440, SKEncodedImageFormat.Webp);
            yield return ("a JPEG cut in half", jpeg[..(jpeg.Length / 2)]);
            yield return ("a JPEG cut after its header", jpeg[..200]);
            yield return ("a PNG cut in half", png[..(png.Length / 2)]);
            yield return ("a WebP cut in half", webP[..(webP.Length / 2)]);
            yield return ("the signature of a JPEG and noise", [0xFF, 0xD8, 0xFF, 0xE0, .. Noise(5000)]);
            yield return ("the signature of a PNG and noise", [.. png[..8], .. Noise(5000)]);
            yield return ("the signature of a GIF and a script", [.. "GIF89a=1;alert(4711);/*"u8, .. Noise(500), .. "*/"u8]);
            yield return ("a PNG of four gigapixels in a hundred bytes", Png(65_535, 65_535, rows: 0));
            yield return ("a PNG wider than any integer", Png(int.MaxValue, int.MaxValue, rows: 0));
            yield return ("a PNG without any pixel", Png(0, 0, rows: 0));
            yield return ("a PNG whose pixels end early", Png(4000, 4000, rows: 100));
            yield return (
                "a GIF of four gigapixels",
                [.. "GIF89a"u8, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, .. new byte[12]]
            );
            yield return ("a JPEG that states 65,500 by 65,500 pixels", WithSize(jpeg, 65_500, 65_500));
        }
    }

    /// <summary>A grey PNG, whose file is a thousandth of its pixels.</summary>
    /// <param name="rows">Rows that there are; null: all.</param>
    public static byte[] Png(int width, int height, int? rows = null)
    {
        var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), height);
        head[8] = 8;
        Chunk(file, "IHDR"u8, head);
        var pixels = new MemoryStream();
        using (var zip = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var row = 0; row < (rows ?? height); row++)
                zip.Write(new byte[width + 1]);
        }
        Chunk(file, "IDAT"u8, pixels.ToArray());
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, byte[] content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        byte[] checkedPart = [.. type, .. content];
        file.Write(checkedPart);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(checkedPart));
        file.Write(number);
    }

    /// <summary>The same JPEG with another size in its frame header.</summary>
    private static byte[] WithSize(byte[] jpeg, ushort width, ushort height)
    {
        var changed = jpeg.ToArray();
        for (var at = 2; at < changed.Length; at += 2 + BinaryPrimitives.ReadUInt16BigEndian(changed.AsSpan(at + 2)))
        {
            if (changed[at + 1] is not (0xC0 or 0xC1 or 0xC2))
                continue;
            BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(at + 5), height);
            BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(at + 7), width);
            return changed;
        }
        throw new InvalidOperationException("The JPEG has no frame header");
    }

    private static byte[] Noise(int length)
    {
        var noise = new byte[length];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
