using System.Net;
using Gateway.Edge.Http;

namespace Gateway.Admin;

/// <summary>Slows down whoever guesses tokens: after some bad ones from an address, it is not listened to for the rest of the minute.</summary>
internal sealed class FailedAttempts(TimeProvider time)
{
    private const int Most = 10;
    private const int MostAddresses = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly IPAddress Others = IPAddress.None;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _failed = [];
    private long _since = time.GetTimestamp();

    /// <summary>Seconds to wait before this address is listened to again; null: it is.</summary>
    public int? Blocked(IPAddress? address)
    {
        lock (_lock)
        {
            Turn();
            return _failed.GetValueOrDefault(Key(address)) < Most
                ? null
                : Math.Max(1, (int)Math.Ceiling((Window - time.GetElapsedTime(_since)).TotalSeconds));
        }
    }

    public void Add(IPAddress? address)
    {
        lock (_lock)
        {
            Turn();
            var key = Key(address);
            _failed[key] = _failed.GetValueOrDefault(key) + 1;
        }
    }

    private void Turn()
    {
        if (time.GetElapsedTime(_since) < Window)
            return;
        _failed.Clear();
        _since = time.GetTimestamp();
    }

    /// <summary>Of IPv6 the network of 64 bits: a host has as many addresses there as it likes. Where too many guess at once, they share.</summary>
    private IPAddress Key(IPAddress? address)
    {
        var key = address is null ? Others : Network.SubscriberOf(address);
        return _failed.Count >= MostAddresses && !_failed.ContainsKey(key) ? Others : key;
    }
}
