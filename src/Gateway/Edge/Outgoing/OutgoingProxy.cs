using System.Net;

namespace Gateway.Edge.Outgoing;

/// <summary>
/// The proxy of <c>Outgoing:Proxy</c>. To https addresses it opens a tunnel (CONNECT), so it sees names only.
/// </summary>
internal sealed class OutgoingProxy(Uri address, ProxyBypass bypass, ICredentials? credentials) : IWebProxy
{
    public ICredentials? Credentials
    {
        get => credentials;
        set => throw new NotSupportedException();
    }

    public Uri GetProxy(Uri destination) => address;

    public bool IsBypassed(Uri host) => bypass.Covers(host);

    /// <summary>Whether a connection is one to the proxy itself.</summary>
    public bool IsAt(DnsEndPoint endPoint) =>
        endPoint.Port == address.Port && endPoint.Host.Equals(address.IdnHost, StringComparison.OrdinalIgnoreCase);
}
