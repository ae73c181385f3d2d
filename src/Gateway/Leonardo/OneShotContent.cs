using System.Net;
using System.Net.Http.Headers;
using Gateway.Leonardo.Key;

namespace Gateway.Leonardo;

/// <summary>A body that is written at most once, and knows whether it was: the line between «nothing was sent» and «perhaps it was».</summary>
internal sealed class OneShotContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _body;
    private readonly Func<bool> _maySend;
    private int _begun;

    /// <param name="body">JSON.</param>
    /// <param name="maySend">Asked immediately before the first byte; a paused process whose lease ran out must not send (ledger, section 5).</param>
    public OneShotContent(ReadOnlyMemory<byte> body, Func<bool> maySend)
    {
        _body = body;
        _maySend = maySend;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Headers.ContentLength = body.Length;
    }

    /// <summary>Head and body are written together, after this turned true: as long as it is false, no byte has left.</summary>
    public bool Begun => Volatile.Read(ref _begun) == 1;

    /// <summary>The key that the request carries; null until one was attached.</summary>
    public LeonardoKey.Entry? SentWith { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (!_maySend())
            throw new InvalidOperationException("This instance's lease is over: it must not send.");
        if (Interlocked.Exchange(ref _begun, 1) == 1)
            throw new InvalidOperationException("A generation is never sent twice.");
        return stream.WriteAsync(_body, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
