using System.Net;
using Gateway.Edge.Addresses;

namespace Gateway.Admin;

/// <summary>
/// Limits the guessing of tokens: after ten invalid ones an address is blocked for the rest of the minute.
/// </summary>
internal sealed class FailedAttempts(TimeProvider time)
{
    private const int MaxFailures = 10;
    private const int MaxAddresses = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly IPAddress Others = IPAddress.None;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _failed = [];
    private long _since = time.GetTimestamp();

    /// <summary>Seconds until the address is accepted again; null: it is not blocked.</summary>
    public int? GetBlockedSeconds(IPAddress? address)
    {
        lock (_lock)
        {
            StartNewWindowIfDue();
            return _failed.GetValueOrDefault(Key(address)) < MaxFailures
                ? null
                : Math.Max(1, (int)Math.Ceiling((Window - time.GetElapsedTime(_since)).TotalSeconds));
        }
    }

    public void Add(IPAddress? address)
    {
        lock (_lock)
        {
            StartNewWindowIfDue();
            var key = Key(address);
            _failed[key] = _failed.GetValueOrDefault(key) + 1;
        }
    }

    private void StartNewWindowIfDue()
    {
        if (time.GetElapsedTime(_since) < Window)
            return;
        _failed.Clear();
        _since = time.GetTimestamp();
    }

    /// <summary>Beyond the maximum, all further addresses share one entry.</summary>
    private IPAddress Key(IPAddress? address)
    {
        var key = address is null ? Others : Network.SubscriberOf(address);
        return _failed.Count >= MaxAddresses && !_failed.ContainsKey(key) ? Others : key;
    }
}
