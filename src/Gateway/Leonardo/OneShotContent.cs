using System.Net;
using System.Net.Http.Headers;
using Gateway.Leonardo.Key;

namespace Gateway.Leonardo;

/// <summary>
/// A body that is written at most once and knows whether it was, which separates "nothing was sent" from "it may have
/// been sent".
/// </summary>
internal sealed class OneShotContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _body;
    private readonly Func<bool> _maySend;
    private int _begun;

    /// <param name="body">JSON.</param>
    /// <param name="maySend">
    /// Called immediately before the first byte: a process that was paused past its lease must not send, since the
    /// sweep may have released the reservation (L4-sweep).
    /// </param>
    public OneShotContent(ReadOnlyMemory<byte> body, Func<bool> maySend)
    {
        _body = body;
        _maySend = maySend;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Headers.ContentLength = body.Length;
    }

    /// <summary>
    /// Turns true before head and body are written together: while it is false, no byte has been sent.
    /// </summary>
    public bool IsBegun => Volatile.Read(ref _begun) == 1;

    /// <summary>The body was not written because the lease had expired.</summary>
    public bool IsForbidden { get; private set; }

    /// <summary>The key that the request carries; null: none attached yet.</summary>
    public LeonardoKey.Entry? SentWith { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        IsForbidden = !_maySend();
        if (IsForbidden)
            throw new InvalidOperationException("The lease of this instance has expired; it must not send.");
        if (Interlocked.Exchange(ref _begun, 1) == 1)
            throw new InvalidOperationException("A generation must never be sent twice.");
        return stream.WriteAsync(_body, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
