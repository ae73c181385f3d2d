using System.Net;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tenants;

/// <summary>The network the caller stands in, when it presents nothing.</summary>
internal sealed class NetworkIdentification(IdentificationOptions options)
{
    private const string ForwardedFor = "X-Forwarded-For";

    public Verdict Identify(HttpContext context, Peer peer, Tenancy tenancy)
    {
        var address = peer.Address;
        if (peer.IsTrustedProxy && context.Request.Headers.TryGetValue(ForwardedFor, out var chain))
        {
            address = RightmostUntrusted(chain);
            if (address is null)
                return Verdict.Unidentified(
                    $"The header {ForwardedFor} that the proxy sent is not a list of IP addresses. An operator would have the proxy set it."
                );
        }
        if (address is null || tenancy.Networks.Find(address) is not { } caller)
        {
            return Verdict.Unidentified(
                $"The request came from {Peer.Display(address)}, which is in no tenant's network; no token, client certificate or trusted {options.Header} was presented. "
                    + "An operator would add the network to a tenant's identify.networks in the tenants file, or hand out a token."
            );
        }
        return AmbientIdentity.Refuse(context.Request, peer, options) is { } problem ? new Verdict(null, problem) : caller;
    }

    /// <summary>Read from the right: each address was written by the one before it, and only trusted proxies are believed. What is left of the first that is not, anyone may have written, and is not read.</summary>
    /// <returns>The left-most address when all are trusted proxies; null when something met on the way is not an address.</returns>
    private IPAddress? RightmostUntrusted(StringValues chain)
    {
        IPAddress? address = null;
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var line = chain[i].AsSpan();
            while (true)
            {
                var comma = line.LastIndexOf(',');
                if (!Network.TryParseAddress(line[(comma + 1)..].Trim(" \t"), out address))
                    return null;
                if (options.TrustedProxies.Find(address) is null)
                    return address;
                if (comma < 0)
                    break;
                line = line[..comma];
            }
        }
        return address;
    }
}
