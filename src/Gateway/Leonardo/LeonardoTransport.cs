using System.Net;
using Gateway.Leonardo.Key;

namespace Gateway.Leonardo;

/// <summary>The one way to the upstream: every default of the platform that is wrong for a shared key is set here (threats F1–F3, C3, C9).</summary>
internal sealed class LeonardoTransport(LeonardoKey key) : DelegatingHandler(CreateSockets())
{
    /// <summary>What is to be sent as the body of the request; set by <see cref="CreationTransformer"/>.</summary>
    public static readonly HttpRequestOptionsKey<OneShotContent> Body = new("body");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // YARP copies the incoming stream, and flushes the head before it; one write of head and body is cheaper, and can be refused whole.
        request.Options.TryGetValue(Body, out var body);
        request.Content = body ?? request.Content;
        request.Headers.Clear();
        request.Headers.TryAddWithoutValidation("accept", "application/json");
        request.Headers.TryAddWithoutValidation("user-agent", "leonardo-gateway");
        var attached = key.Attach(request);
        body?.SentWith = attached;
        return base.SendAsync(request, cancellationToken);
    }

    private static SocketsHttpHandler CreateSockets() =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            // Shorter than any load balancer keeps an idle connection: a POST must not race with its closing, for it is never sent again.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            MaxResponseHeadersLength = 16,
            MaxConnectionsPerServer = 256,
            EnableMultipleHttp2Connections = false,
            ActivityHeadersPropagator = null,
        };
}
