using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Edge.Addresses;

/// <summary>
/// Finds the value of the longest prefix that contains an address: one look-up per prefix length in use, no allocation.
/// </summary>
internal sealed class NetworkTable<T>
    where T : class
{
    private readonly (int Prefix, FrozenDictionary<UInt128, T> Networks)[] _v4;
    private readonly (int Prefix, FrozenDictionary<UInt128, T> Networks)[] _v6;

    /// <param name="networks">No network twice.</param>
    public NetworkTable(IEnumerable<KeyValuePair<Network, T>> networks)
    {
        var byFamily = networks.ToLookup(entry => entry.Key.Family);
        _v4 = LongestFirst(byFamily[AddressFamily.InterNetwork]);
        _v6 = LongestFirst(byFamily[AddressFamily.InterNetworkV6]);
    }

    public T? Find(IPAddress address)
    {
        var (family, bits) = Network.ToBits(address);
        foreach (var (prefix, networks) in family == AddressFamily.InterNetwork ? _v4 : _v6)
        {
            if (networks.TryGetValue(Network.Mask(family, bits, prefix), out var found))
                return found;
        }
        return null;
    }

    private static (int, FrozenDictionary<UInt128, T>)[] LongestFirst(IEnumerable<KeyValuePair<Network, T>> networks) =>
        [
            .. networks
                .GroupBy(entry => entry.Key.Prefix)
                .OrderByDescending(group => group.Key)
                .Select(group => (group.Key, group.ToFrozenDictionary(entry => entry.Key.Bits, entry => entry.Value))),
        ];
}
