using System.Net;
using System.Net.Sockets;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tenants.Identification;

/// <summary>
/// An identity by network is had by every program on the machine, a web page in its browser among them. This tells such pages apart: by the name
/// they had to call us by (DNS rebinding), and by what the browser says of where they come from (cross-site requests).
/// </summary>
internal static class CrossSiteGuard
{
    private static readonly string[] LocalDomains = [".internal", ".local", ".lan", ".svc"];

    public static Problem? Refuse(HttpRequest request, Peer peer, IdentificationOptions options)
    {
        if (!IsLocalName(request.Host.Value.AsSpan(), options))
            return HostNotAllowed(
                "The host name by which the request calls the gateway is not an address, a local name, or listed in Identification:Hosts."
            );

        var headers = request.Headers;
        foreach (var site in headers["Sec-Fetch-Site"])
        {
            if (string.Equals(site, "cross-site", StringComparison.OrdinalIgnoreCase))
                return HostNotAllowed("The request was made by a page of another site (Sec-Fetch-Site: cross-site).");
        }
        var origin = headers.Origin;
        return origin.Count > 0 && !IsOwn(origin, request, peer)
            ? HostNotAllowed("The request was made by a page of another origin than the gateway's own (Origin).")
            : null;
    }

    private static Problem HostNotAllowed(string seen) =>
        new(
            ProblemTypes.HostNotAllowed,
            seen
                + " A caller known only by its network may not do that. Present a token, or have the operator list the gateway's name in Identification:Hosts."
        );

    /// <param name="host">As in the Host header: a port may follow.</param>
    private static bool IsLocalName(ReadOnlySpan<char> host, IdentificationOptions options)
    {
        if (host.StartsWith("["))
        {
            var end = host.IndexOf(']');
            return end > 0 && IPAddress.TryParse(host[1..end], out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }
        var colon = host.IndexOf(':');
        var name = colon < 0 ? host : host[..colon];
        if (name.EndsWith("."))
            name = name[..^1];
        if (name.IsEmpty)
            return false;
        if (!name.Contains('.'))
            return true;
        foreach (var domain in LocalDomains)
        {
            if (name.EndsWith(domain, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return Network.TryParseAddress(name, out _) || options.Hosts.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name);
    }

    private static bool IsOwn(StringValues origin, HttpRequest request, Peer peer) =>
        origin is [{ } one] && string.Equals(one, $"{Scheme(request, peer)}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    /// <summary>As the browser sees it: a trusted proxy that ends TLS says so in X-Forwarded-Proto.</summary>
    private static string Scheme(HttpRequest request, Peer peer) =>
        peer.IsTrustedProxy && request.Headers["X-Forwarded-Proto"] is ["http" or "https"] forwarded ? forwarded[0]! : request.Scheme;
}
