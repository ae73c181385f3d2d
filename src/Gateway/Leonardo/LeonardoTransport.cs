using System.Net;
using Gateway.Leonardo.Key;

namespace Gateway.Leonardo;

/// <summary>
/// The only connection to the upstream: replaces every platform default that is unsafe with a shared key (P-1, P-2,
/// P-3, T-C3, T-C9).
/// </summary>
internal sealed class LeonardoTransport(LeonardoKey key) : DelegatingHandler(CreateSockets())
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

    private static SocketsHttpHandler CreateSockets() =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            // Shorter than the idle timeout of load balancers: a POST on a connection that is being closed would be
            // lost, since it is never sent again.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            MaxResponseHeadersLength = 16,
            MaxConnectionsPerServer = 256,
            EnableMultipleHttp2Connections = false,
            ActivityHeadersPropagator = null,
        };
}
