using System.Net;
using System.Net.Sockets;
using Gateway.Edge;

namespace Gateway.Leonardo.Origins;

/// <summary>The only places that images are fetched from (<c>Leonardo:ImageOrigins</c>) or uploads relayed to (<c>Leonardo:UploadOrigins</c>), and the one way to connect to them.</summary>
internal sealed class OriginList(IReadOnlyList<AllowedOrigin> allowed)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private volatile IReadOnlyList<AllowedOrigin> _origins = allowed;

    public static OriginList Read(Settings settings, string name, string absent)
    {
        var origins = new List<AllowedOrigin>();
        foreach (var text in settings.List(name, absent))
        {
            if (AllowedOrigin.Parse(text) is { } origin)
                origins.Add(origin);
            else
                settings.AddError(
                    name,
                    $"'{text}' must be https://NAME, https://*.NAME, or an address with its port such as http://127.0.0.1:9100"
                );
        }
        return new OriginList(origins);
    }

    public bool Permits(Uri url) => _origins.Any(origin => origin.Permits(url));

    /// <param name="address">An address with its port.</param>
    public void Add(Uri address) => _origins = [.. _origins, AllowedOrigin.Parse(address.GetLeftPart(UriPartial.Authority))!];

    /// <summary>A transport without the key, cookies, proxy or redirects, which connects only to where <see cref="ConnectAsync"/> lets it.</summary>
    public SocketsHttpHandler CreateTransport() =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            ConnectTimeout = ConnectTimeout,
            MaxResponseHeadersLength = 16,
            MaxConnectionsPerServer = 256,
            // An answer that is not read to its end (a range, a caller who left) is cut, not drained.
            MaxResponseDrainSize = 0,
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
        };

    /// <summary>Resolves and checks in one step, and connects to the very address that was checked: a name that changes its answer in between (DNS rebinding) gains nothing.</summary>
    /// <exception cref="HttpRequestException">The name has no address, or one that is not public.</exception>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        IPAddress[] addresses;
        if (IPAddress.TryParse(host, out var literal))
            addresses = _origins.Any(origin => literal.Equals(origin.Address) && port == origin.Port) ? [literal] : throw Refused();
        else
            addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        if (literal is null && !addresses.All(PublicAddress.Is))
            throw Refused();

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static HttpRequestException Refused() =>
        new(HttpRequestError.ConnectionError, "the address is not one that this gateway connects to");
}
