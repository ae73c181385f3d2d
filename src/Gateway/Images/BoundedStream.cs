namespace Gateway.Images;

/// <summary>
/// A stream from a host that is not trusted: limits its length, the pause between two reads, and the total time.
/// </summary>
/// <param name="maxBytes">More is an error.</param>
internal sealed class BoundedStream(Stream inner, long maxBytes, TimeProvider time) : ForwardStream
{
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan TotalTimeout = TimeSpan.FromMinutes(15);

    private readonly long _began = time.GetTimestamp();
    private readonly CancellationTokenSource _idle = new(IdleTimeout, time);
    private long _remaining = maxBytes;

    /// <exception cref="IOException">A limit was passed.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (time.GetElapsedTime(_began) > TotalTimeout)
            throw new IOException("the image took too long");
        _idle.CancelAfter(IdleTimeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_idle.Token, cancellationToken);
        int read;
        try
        {
            read = await inner.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("the image's host stopped sending", exception);
        }
        // The timeout must not count the time that the reader takes between two reads.
        _idle.CancelAfter(Timeout.InfiniteTimeSpan);
        _remaining -= read;
        return _remaining >= 0 ? read : throw new IOException("the image is longer than permitted");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _idle.Dispose();
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
