using System.Net;
using System.Net.Sockets;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tenants.Identification;

/// <summary>
/// An identity by network is shared by every program on the machine, including any web page in its browser. This guard
/// refuses such pages: by the host name they called (DNS rebinding), and by the origin that the browser states
/// (cross-site requests).
/// </summary>
internal static class CrossSiteGuard
{
    private static readonly string[] LocalDomains = [".internal", ".local", ".lan", ".svc"];

    public static Problem? Check(IdentificationRequest identification)
    {
        var request = identification.Context.Request;
        if (!IsLocalName(request.Host.Value.AsSpan(), identification.Options))
            return HostNotAllowed(
                "The host name that the request uses for the gateway is not an address, a local name, or listed in Identification:Hosts."
            );

        var headers = request.Headers;
        foreach (var site in headers["Sec-Fetch-Site"])
        {
            if (string.Equals(site, "cross-site", StringComparison.OrdinalIgnoreCase))
                return HostNotAllowed("The request was made by a page of another site (Sec-Fetch-Site: cross-site).");
        }
        var origin = headers.Origin;
        return origin.Count > 0 && !IsOwn(origin, request, identification.Peer)
            ? HostNotAllowed("The request was made by a page of another origin than the gateway's own (Origin).")
            : null;
    }

    private static Problem HostNotAllowed(string observed) =>
        new(
            ProblemTypes.HostNotAllowed,
            observed
                + " A caller that is identified only by its network may not do that. Nothing was reserved or sent. Present a token, or ask the operator to list the gateway's name in Identification:Hosts."
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

    /// <summary>As the browser sees it: a trusted proxy that terminates TLS states it in X-Forwarded-Proto.</summary>
    private static string Scheme(HttpRequest request, Peer peer) =>
        peer.IsTrustedProxy && request.Headers["X-Forwarded-Proto"] is ["http" or "https"] forwarded ? forwarded[0]! : request.Scheme;
}
