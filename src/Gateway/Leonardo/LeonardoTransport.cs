using Gateway.Edge.Outgoing;
using Gateway.Leonardo.Key;

namespace Gateway.Leonardo;

/// <summary>
/// The only connection to the upstream: attaches the key, and sends the head and the body of a request as one (P-1).
/// </summary>
internal sealed class LeonardoTransport(LeonardoKey key, OutgoingConnections outgoing) : DelegatingHandler(outgoing.CreateTransport())
{
    /// <summary>The body to send; set by <see cref="CreationTransformer"/>.</summary>
    public static readonly HttpRequestOptionsKey<OneShotContent> Body = new("body");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // YARP would flush the head before it copies the body. One write of both is cheaper, and can be refused as a
        // whole.
        request.Options.TryGetValue(Body, out var body);
        request.Content = body ?? request.Content;
        request.Headers.Clear();
        request.Headers.TryAddWithoutValidation("accept", "application/json");
        request.Headers.TryAddWithoutValidation("user-agent", "leonardo-gateway");
        var attached = key.Attach(request);
        body?.SentWith = attached;
        return base.SendAsync(request, cancellationToken);
    }
}
