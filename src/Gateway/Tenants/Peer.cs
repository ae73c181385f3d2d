using System.Net;

namespace Gateway.Tenants;

/// <summary>Who is at the other end of the connection: the caller, or a proxy that speaks for it.</summary>
/// <param name="Address">Null on a connection that has none (a Unix socket).</param>
/// <param name="IsTrustedProxy">Whether its word on other addresses, tenants and certificates is taken.</param>
internal readonly record struct Peer(IPAddress? Address, bool IsTrustedProxy)
{
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
}
