using System.Net;
using System.Net.Sockets;
using Gateway.Edge;
using Gateway.Edge.Outgoing;

namespace Gateway.Leonardo.Origins;

/// <summary>
/// The only places that images are fetched from (<c>Leonardo:ImageOrigins</c>) or uploads are relayed to
/// (<c>Leonardo:UploadOrigins</c>), and the transport that connects to them (T-C6).
/// </summary>
internal sealed class OriginList(IReadOnlyList<AllowedOrigin> allowed)
{
    private volatile IReadOnlyList<AllowedOrigin> _origins = allowed;

    public static OriginList Read(Settings settings, string name, string defaultValue)
    {
        var origins = new List<AllowedOrigin>();
        foreach (var text in settings.List(name, defaultValue))
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

    /// <param name="address">An IP address with a port.</param>
    public void Add(Uri address) => _origins = [.. _origins, AllowedOrigin.Parse(address.GetLeftPart(UriPartial.Authority))!];

    /// <summary>
    /// A transport without the key; <see cref="ConnectAsync"/> limits where it connects.
    /// </summary>
    public SocketsHttpHandler CreateTransport(OutgoingConnections outgoing)
    {
        var transport = outgoing.CreateTransport();
        // A reply that is not read to its end (a range, a caller that disconnected) is cut off, not drained.
        transport.MaxResponseDrainSize = 0;
        transport.ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, outgoing.Proxy, cancellationToken);
        return transport;
    }

    /// <summary>
    /// Connects to the same address that was checked, so a name that resolves differently the second time (DNS
    /// rebinding) gains nothing. A proxy resolves names itself: through it only <see cref="Permits"/> holds.
    /// </summary>
    /// <exception cref="HttpRequestException">The name has no address, or one that is not public.</exception>
    private async ValueTask<Stream> ConnectAsync(DnsEndPoint target, OutgoingProxy? proxy, CancellationToken cancellationToken)
    {
        var (host, port) = (target.Host, target.Port);
        var isProxy = proxy?.IsAt(target) == true;
        IPAddress[] addresses;
        if (IPAddress.TryParse(host, out var literal))
            addresses =
                isProxy || _origins.Any(origin => literal.Equals(origin.Address) && port == origin.Port) ? [literal] : throw Refused();
        else
            addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        if (literal is null && !isProxy && !addresses.All(PublicAddress.IsPublic))
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
