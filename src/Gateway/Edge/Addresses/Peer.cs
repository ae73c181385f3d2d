using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Primitives;

namespace Gateway.Edge.Addresses;

/// <summary>The other end of the connection: the caller, or a proxy that forwards for it.</summary>
/// <param name="Address">Null on a connection that has none (a Unix socket).</param>
/// <param name="IsTrustedProxy">Whether its statements on other addresses, tenants and certificates are
/// believed.</param>
internal readonly record struct Peer(IPAddress? Address, bool IsTrustedProxy)
{
    public const string ForwardedFor = "X-Forwarded-For";

    public static Peer From(HttpContext context, TrustedProxies trustedProxies)
    {
        var address = context.Connection.RemoteIpAddress;
        return new Peer(address, address is not null && trustedProxies.Contains(address));
    }

    /// <summary>For people: a mapped address in its IPv4 form, no zone.</summary>
    public static string Display(IPAddress? address) =>
        address switch
        {
            null => "unknown",
            { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
            _ => new IPAddress(address.GetAddressBytes()).ToString(),
        };

    /// <summary>The caller's address: what a trusted proxy forwards, else that of the connection.</summary>
    public IPAddress? CallerAddress(HttpContext context, TrustedProxies trustedProxies) =>
        ForwardedAddress(context, trustedProxies) ?? Address;

    /// <summary>
    /// The address that a trusted proxy forwards for; null if it states none that is valid, or the peer is not trusted.
    /// </summary>
    public IPAddress? ForwardedAddress(HttpContext context, TrustedProxies trustedProxies) =>
        IsTrustedProxy && context.Request.Headers.TryGetValue(ForwardedFor, out var chain)
            ? RightmostUntrusted(chain, trustedProxies)
            : null;

    /// <summary>
    /// Reads from the right: each address was appended by the proxy before it. Everything to the left of the first
    /// address that is not a trusted proxy can be forged, and is not read.
    /// </summary>
    /// <returns>The leftmost address if all are trusted proxies; null if an item on the way is not an
    /// address.</returns>
    private static IPAddress? RightmostUntrusted(StringValues chain, TrustedProxies trustedProxies)
    {
        IPAddress? address = null;
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var line = chain[i].AsSpan();
            while (true)
            {
                var comma = line.LastIndexOf(',');
                if (!TryParse(line[(comma + 1)..].Trim(" \t"), out address))
                    return null;
                if (!trustedProxies.Contains(address))
                    return address;
                if (comma < 0)
                    break;
                line = line[..comma];
            }
        }
        return address;
    }

    /// <summary>
    /// An address as proxies write it: alone, or with a port; IPv6 with a port is in brackets, and may be without.
    /// </summary>
    private static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (text.StartsWith("["))
        {
            var end = text.IndexOf(']');
            address = null;
            return end > 0 && text[1..end].Contains(':') && IsPort(text[(end + 1)..]) && Network.TryParseAddress(text[1..end], out address);
        }
        var colon = text.IndexOf(':');
        // More than one colon: IPv6 alone.
        return colon >= 0 && !text[(colon + 1)..].Contains(':') && IsPort(text[colon..])
            ? Network.TryParseAddress(text[..colon], out address)
            : Network.TryParseAddress(text, out address);
    }

    /// <summary>Nothing, or a colon and a port.</summary>
    private static bool IsPort(ReadOnlySpan<char> text) =>
        text.IsEmpty || (text[0] == ':' && ushort.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out _));
}
