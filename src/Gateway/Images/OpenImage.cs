using System.Buffers;

namespace Gateway.Images;

/// <summary>The bytes of one image, about to be read once from their beginning; wherever they come from.</summary>
/// <param name="head">The first bytes, which had to be read to know the format.</param>
/// <param name="rest">What follows them.</param>
/// <param name="owner">Disposed of together with the stream.</param>
internal sealed class OpenImage(ImageFormat format, long? length, ReadOnlyMemory<byte> head, Stream rest, IDisposable? owner)
    : IAsyncDisposable
{
    private int _headRead;

    public ImageFormat Format => format;

    /// <summary>Null, where the sender did not say.</summary>
    public long? Length => length;

    /// <returns>Null: the bytes are no image, or end before that can be told.</returns>
    public static async Task<OpenImage?> FromAsync(Stream stream, long? length, IDisposable? owner, CancellationToken cancellationToken)
    {
        var head = new byte[ImageFormat.SniffBytes];
        var read = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return ImageFormat.Sniff(head.AsSpan(0, read)) is { } format
            ? new OpenImage(format, length, head.AsMemory(0, read), stream, owner)
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
