using System.Buffers;

namespace Gateway.Images;

/// <summary>An image, from its host or the cache, to be read once from its beginning.</summary>
/// <param name="head">The first bytes, which were read to detect the format.</param>
/// <param name="rest">The bytes after the head.</param>
/// <param name="owner">Disposed together with the stream.</param>
internal sealed class OpenImage(ImageFormat format, long? length, ReadOnlyMemory<byte> head, Stream rest, IDisposable? owner)
    : IAsyncDisposable
{
    private int _headRead;

    public ImageFormat Format => format;

    /// <summary>Null: the sender did not state it.</summary>
    public long? Length => length;

    /// <summary>Null: it is the whole image.</summary>
    public ImagePart? Part { get; init; }

    /// <returns>Null: not an image, or too short to tell.</returns>
    public static async Task<OpenImage?> FromAsync(
        Stream stream,
        long? length,
        IDisposable? owner,
        CancellationToken cancellationToken,
        ImagePart? part = null
    )
    {
        var head = new byte[ImageFormat.SniffBytes];
        var read = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return ImageFormat.Sniff(head.AsSpan(0, read)) is { } format
            ? new OpenImage(format, length, head.AsMemory(0, read), stream, owner) { Part = part }
            : null;
    }

    /// <returns>0 at the end.</returns>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_headRead == head.Length)
            return rest.ReadAsync(buffer, cancellationToken);
        var count = Math.Min(buffer.Length, head.Length - _headRead);
        head.Slice(_headRead, count).CopyTo(buffer);
        _headRead += count;
        return ValueTask.FromResult(count);
    }

    public async ValueTask DisposeAsync()
    {
        await rest.DisposeAsync();
        owner?.Dispose();
    }
}

/// <param name="From">Of its first byte.</param>
/// <param name="Total">Bytes of the whole image.</param>
internal sealed record ImagePart(long From, long Total);
