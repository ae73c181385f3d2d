using System.Net;
using System.Net.Sockets;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;

namespace Gateway.Tenants.Identification;

/// <summary>
/// An ambient identity is shared by every page in the caller's browser. This guard refuses pages of other sites: by
/// the origin that the browser states (T-K16), and, for an identity by network, by the host name they called (DNS
/// rebinding).
/// </summary>
internal static class CrossSiteGuard
{
    private static readonly string[] LocalDomains = [".internal", ".local", ".lan", ".svc"];

    public static Problem? Check(IdentificationRequest identification, IdentificationMethod method)
    {
        if (method.Evidence == Evidence.Location && !IsLocalName(identification))
            return new Problem(
                ProblemTypes.HostNotAllowed,
                "The host name that the request uses for the gateway is not an address, a local name, listed in Identification:Hosts, or the host of PublicUrl. "
                    + "A caller that is identified only by its network may not use it. Nothing was reserved or sent. "
                    + "Present a token, or ask the operator to list the gateway's name in Identification:Hosts."
            );
        return CheckPage(identification.Context, identification.PublicUrl, method.Name);
    }

    /// <param name="identifiedBy">What every page in the caller's browser shares.</param>
    /// <returns>The refusal of a request that a page of another site makes; null: it is none.</returns>
    public static Problem? CheckPage(HttpContext context, PublicUrl publicUrl, string identifiedBy)
    {
        var headers = context.Request.Headers;
        foreach (var site in headers["Sec-Fetch-Site"])
        {
            if (string.Equals(site, "cross-site", StringComparison.OrdinalIgnoreCase))
                return CrossSite("The request was made by a page of another site (Sec-Fetch-Site: cross-site).", identifiedBy);
        }
        return headers.Origin.Count > 0 && !IsOwn(context, publicUrl)
            ? CrossSite(
                "The request was made by a page of another origin (Origin) than the gateway's address. If it is the gateway's own page, the operator must set PublicUrl (on Management:Port it counts only for a request to its host), or have a trusted proxy set X-Forwarded-Proto and X-Forwarded-Host.",
                identifiedBy
            )
            : null;
    }

    private static Problem CrossSite(string observed, string identifiedBy) =>
        new(
            ProblemTypes.CrossSite,
            observed
                + $" Its caller is identified by {identifiedBy}, which every page in a browser shares, so pages of other sites are refused. Nothing was reserved or sent. Present a token, or call from the gateway's own page."
        );

    private static bool IsLocalName(IdentificationRequest identification)
    {
        var host = identification.PublicUrl.GetNamedHost(identification.Context).AsSpan();
        if (host.StartsWith("["))
        {
            var end = host.IndexOf(']');
            return end > 0 && IPAddress.TryParse(host[1..end], out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }
        var name = NameOf(host);
        if (name.IsEmpty)
            return false;
        if (!name.Contains('.'))
            return true;
        foreach (var domain in LocalDomains)
        {
            if (name.EndsWith(domain, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return Network.TryParseAddress(name, out _)
            || identification.Options.Hosts.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name)
            || (
                identification.PublicUrl.Configured is { } configured
                && name.Equals(NameOf(configured.Host), StringComparison.OrdinalIgnoreCase)
            );
    }

    /// <param name="host">As in the Host header, not an IPv6 address: a port may follow.</param>
    private static ReadOnlySpan<char> NameOf(ReadOnlySpan<char> host)
    {
        var colon = host.IndexOf(':');
        var name = colon < 0 ? host : host[..colon];
        return name.EndsWith(".") ? name[..^1] : name;
    }

    private static bool IsOwn(HttpContext context, PublicUrl publicUrl) =>
        context.Request.Headers.Origin is [{ Length: > 0 } one]
        && string.Equals(one, publicUrl.GetAddress(context).Origin, StringComparison.OrdinalIgnoreCase);
}
