using System.Net;

namespace Gateway.Edge.Addresses;

/// <summary>
/// Proxies whose forwarding headers are believed: <c>Identification:TrustedProxies</c>, addresses or networks.
/// </summary>
internal sealed class TrustedProxies(NetworkTable<string> networks)
{
    private const string Name = "Identification:TrustedProxies";

    public static TrustedProxies Read(Settings settings)
    {
        // With it, ASP.NET Core replaces the peer's address with X-Forwarded-For, from any sender, before this code
        // runs.
        if (settings.GetString("ForwardedHeaders_Enabled") is { } enabled && bool.TryParse(enabled, out var isEnabled) && isEnabled)
            settings.AddError(
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED",
                "must not be set: it believes every sender. List the proxies in Identification:TrustedProxies instead"
            );
        var proxies = new Dictionary<Network, string>();
        foreach (var text in settings.List(Name))
        {
            var cidr =
                Network.TryParseAddress(text, out var alone) && !alone.IsIPv4MappedToIPv6
                    ? $"{text}/{Network.WidthOf(alone.AddressFamily)}"
                    : text;
            if (!Network.TryParse(cidr, out var network, out var fault))
                settings.AddError(Name, $"{text} {fault}");
            else if (network.Prefix == 0)
                settings.AddError(Name, $"{text} would let every caller name any tenant");
            else
                proxies[network] = text;
        }
        return new TrustedProxies(new NetworkTable<string>(proxies));
    }

    public bool Contains(IPAddress address) => networks.Find(address) is not null;
}
