using System.Net;
using Gateway.Edge.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tenants.Identification;

/// <summary>Who is at the other end of the connection: the caller, or a proxy that speaks for it.</summary>
/// <param name="Address">Null on a connection that has none (a Unix socket).</param>
/// <param name="IsTrustedProxy">Whether its word on other addresses, tenants and certificates is taken.</param>
internal readonly record struct Peer(IPAddress? Address, bool IsTrustedProxy)
{
    public const string ForwardedFor = "X-Forwarded-For";

    public static Peer Of(HttpContext context, NetworkTable<string> trustedProxies)
    {
        var address = context.Connection.RemoteIpAddress;
        return new Peer(address, address is not null && trustedProxies.Find(address) is not null);
    }

    /// <summary>As a person writes it: a mapped address in its IPv4 form, no zone.</summary>
    public static string Display(IPAddress? address) =>
        address switch
        {
            null => "unknown",
            { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
            _ => new IPAddress(address.GetAddressBytes()).ToString(),
        };

    /// <summary>Whom a trusted proxy says it speaks for; null where it says nothing that can be read, or where the peer is not one.</summary>
    public IPAddress? Origin(HttpContext context, NetworkTable<string> trustedProxies) =>
        IsTrustedProxy && context.Request.Headers.TryGetValue(ForwardedFor, out var chain)
            ? RightmostUntrusted(chain, trustedProxies)
            : null;

    /// <summary>Read from the right: each address was written by the one before it, and only trusted proxies are believed. What is left of the first that is not, anyone may have written, and is not read.</summary>
    /// <returns>The left-most address when all are trusted proxies; null when something met on the way is not an address.</returns>
    private static IPAddress? RightmostUntrusted(StringValues chain, NetworkTable<string> trustedProxies)
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
                if (trustedProxies.Find(address) is null)
                    return address;
                if (comma < 0)
                    break;
                line = line[..comma];
            }
        }
        return address;
    }
}
