using System.Net;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;

namespace Gateway.Admin;

/// <summary>
/// Limits the guessing of tokens: after ten invalid ones an address is blocked for the rest of the minute. A valid
/// token passes even where somebody else guesses.
/// </summary>
internal sealed partial class FailedAttempts(TrustedProxies trustedProxies, TimeProvider time, ILogger<FailedAttempts> log)
{
    private const int MaxFailures = 10;
    private const int MaxAddresses = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly IPAddress Others = IPAddress.None;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _failed = [];
    private long _since = time.GetTimestamp();

    /// <summary>Counts a request with an invalid token.</summary>
    /// <returns>The refusal of an address that is blocked; null: it is not.</returns>
    public Problem? Count(HttpContext context)
    {
        if (FindBlock(context) is { } blocked)
            return blocked;
        var address = AddressOf(context);
        Add(address);
        Log.InvalidToken(log, address);
        return null;
    }

    /// <returns>The refusal of an address that is blocked; null: it is not.</returns>
    public Problem? FindBlock(HttpContext context) =>
        GetBlockedSeconds(AddressOf(context)) is { } seconds
            ? new Problem(
                ProblemTypes.TooManyAttempts,
                "Too many invalid tokens came from this address. Wait for Retry-After seconds, then use a valid token."
            )
            {
                RetryAfter = seconds,
            }
            : null;

    /// <summary>
    /// Behind a trusted proxy, the client's address: one client's guessing must not block all others.
    /// </summary>
    private IPAddress? AddressOf(HttpContext context) => Peer.From(context, trustedProxies).CallerAddress(context, trustedProxies);

    private int? GetBlockedSeconds(IPAddress? address)
    {
        lock (_lock)
        {
            StartNewWindowIfDue();
            return _failed.GetValueOrDefault(Key(address)) < MaxFailures
                ? null
                : Math.Max(1, (int)Math.Ceiling((Window - time.GetElapsedTime(_since)).TotalSeconds));
        }
    }

    private void Add(IPAddress? address)
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

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "An invalid token was sent to /admin from {Address}: it was refused; after ten in a minute the address is blocked"
        )]
        public static partial void InvalidToken(ILogger logger, IPAddress? address);
    }
}
