using System.Net;
using System.Threading.RateLimiting;
using Gateway.Edge.Addresses;

namespace Gateway.Edge.Rates;

/// <summary>
/// A rate for each address that sends requests (IPv6: for each /64; behind a trusted proxy: for the address it forwards
/// for), with twice the rate as burst.
/// </summary>
/// <remarks>
/// Addresses share <see cref="Buckets"/> buckets, chosen at random when the process starts: a sender with many
/// addresses can neither fill the memory nor choose whose bucket it empties.
/// </remarks>
internal sealed class AddressLimiter : IDisposable
{
    private const int Buckets = 16_384;

    private readonly TrustedProxies _trustedProxies;
    private readonly PartitionedRateLimiter<IPAddress> _limiter;

    public AddressLimiter(int perSecond, TrustedProxies trustedProxies)
    {
        _trustedProxies = trustedProxies;
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = 2 * perSecond,
            TokensPerPeriod = perSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            // The partitioned limiter replenishes all buckets itself, and removes those that are full.
            AutoReplenishment = false,
            QueueLimit = 0,
        };
        Func<int, RateLimiter> create = _ => new TokenBucketRateLimiter(options);
        _limiter = PartitionedRateLimiter.Create<IPAddress, int>(address => RateLimitPartition.Get(BucketOf(address), create));
    }

    public bool TryAcquire(HttpContext context)
    {
        using var lease = _limiter.AttemptAcquire(Subscriber.From(context, _trustedProxies));
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();

    /// <summary><see cref="HashCode"/> has a random seed in each process.</summary>
    private static int BucketOf(IPAddress address) => (int)((uint)HashCode.Combine(address) % Buckets);
}
