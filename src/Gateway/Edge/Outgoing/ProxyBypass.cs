using System.Net;
using Gateway.Edge.Addresses;

namespace Gateway.Edge.Outgoing;

/// <summary>
/// What is connected to without the proxy: names (<c>minio.example.internal</c>), all names below one
/// (<c>*.example.internal</c>), addresses and networks. This machine always is.
/// </summary>
internal sealed class ProxyBypass(IReadOnlyList<string> names, IReadOnlyList<string> suffixes, IReadOnlyList<Network> networks)
{
    public static ProxyBypass Read(Settings settings, string name)
    {
        var (names, suffixes, networks) = (new List<string>(), new List<string>(), new List<Network>());
        foreach (var entry in settings.List(name))
        {
            if (ParseNetwork(entry) is { } network)
                networks.Add(network);
            else if (entry.StartsWith("*.", StringComparison.Ordinal) && IsName(entry[2..]))
                suffixes.Add(entry[1..]);
            else if (entry is ['.', ..] && IsName(entry[1..]))
                suffixes.Add(entry);
            else if (IsName(entry))
                names.Add(entry);
            else
                settings.AddError(name, $"'{entry}' must be a name, *.name, an address, or a network such as 10.0.0.0/8");
        }
        return new ProxyBypass(names, suffixes, networks);
    }

    public bool Covers(Uri url)
    {
        if (IPAddress.TryParse(url.DnsSafeHost, out var address))
            return IPAddress.IsLoopback(address) || networks.Any(network => network.Contains(address));
        var host = url.IdnHost;
        return url.IsLoopback
            || names.Contains(host, StringComparer.OrdinalIgnoreCase)
            || suffixes.Any(suffix => host.Length > suffix.Length && host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));
    }

    private static Network? ParseNetwork(string entry)
    {
        if (Network.TryParseAddress(entry, out var address))
            entry = $"{(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)}/{Network.WidthOf(Network.ToBits(address).Family)}";
        return Network.TryParse(entry, out var network, out _) ? network : null;
    }

    /// <summary>
    /// Not an address that is misspelt, which looks like a name to <see cref="Uri"/>: no top-level domain is a number.
    /// </summary>
    private static bool IsName(string text) =>
        Uri.CheckHostName(text) == UriHostNameType.Dns
        && !text.EndsWith('.')
        && !text[(text.LastIndexOf('.') + 1)..].All(char.IsAsciiDigit);
}
