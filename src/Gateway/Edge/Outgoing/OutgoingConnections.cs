using System.Net;
using Gateway.Edge.Limits;

namespace Gateway.Edge.Outgoing;

/// <summary>
/// Makes the transports of everything that the gateway calls itself: the upstream, image and upload hosts, the OpenID
/// Connect issuer, the alert webhook, the collector of traces. It replaces every unsafe default of the platform (P-2,
/// P-3, T-C3, T-C9).
/// </summary>
internal sealed class OutgoingConnections
{
    private readonly int _connectionsPerServer;
    private readonly CertificateCheck _certificates;

    public OutgoingConnections(OutgoingOptions options, LimitOptions limits, TimeProvider time)
    {
        _connectionsPerServer = limits.OutgoingConnections;
        _certificates = new CertificateCheck(options.Authorities);
        if (options.Proxy is { } address)
            Proxy = new OutgoingProxy(
                address,
                options.Bypass,
                options.CredentialsFile is { } file ? new ProxyCredentials(file, time) : null
            );
    }

    /// <summary>Null: there is none.</summary>
    public OutgoingProxy? Proxy { get; }

    /// <summary>Without cookies, redirects, and the caller's trace.</summary>
    public SocketsHttpHandler CreateTransport() =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = Proxy is not null,
            Proxy = Proxy,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectionFailure.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            // Shorter than the idle timeout of load balancers: a POST on a connection that is being closed would be
            // lost, since it is never sent again.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            MaxResponseHeadersLength = 16,
            MaxConnectionsPerServer = _connectionsPerServer,
            EnableMultipleHttp2Connections = false,
            ActivityHeadersPropagator = null,
            SslOptions = _certificates.CreateOptions(),
        };

    /// <summary>Why a call to this address failed: see <see cref="ConnectionFailure"/>.</summary>
    public string Explain(Exception failure, Uri target) =>
        ConnectionFailure.Explain(failure, isProxied: Proxy is { } proxy && !proxy.IsBypassed(target));
}
