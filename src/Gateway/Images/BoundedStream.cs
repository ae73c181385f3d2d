namespace Gateway.Images;

/// <summary>A host's answer, read within limits: of length, of the time between two pieces, and of the whole time.</summary>
/// <param name="maxBytes">One more is a fault.</param>
internal sealed class BoundedStream(Stream inner, long maxBytes, TimeProvider time) : Stream
{
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Whole = TimeSpan.FromMinutes(15);

    private readonly long _began = time.GetTimestamp();
    private readonly CancellationTokenSource _patience = new(Silence, time);
    private long _left = maxBytes;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">A limit was passed.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (time.GetElapsedTime(_began) > Whole)
            throw new IOException("the image took too long");
        _patience.CancelAfter(Silence);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_patience.Token, cancellationToken);
        int read;
        try
        {
            read = await inner.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException silence) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("the image's host fell silent", silence);
        }
        // The time the reader takes is not the host's.
        _patience.CancelAfter(Timeout.InfiniteTimeSpan);
        _left -= read;
        return _left >= 0 ? read : throw new IOException("the image is longer than permitted");
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _patience.Dispose();
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
