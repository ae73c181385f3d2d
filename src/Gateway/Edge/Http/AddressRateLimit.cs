using System.Net;
using System.Threading.RateLimiting;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>
/// Middleware: limits the requests of one address, before identification costs anything (OWASP API4:2023).
/// </summary>
internal sealed class AddressRateLimit : IDisposable
{
    private const string Policy = "requests-per-address";

    private readonly RequestDelegate _next;
    private readonly TrustedProxies _trustedProxies;
    private readonly int _perSecond;
    private readonly PartitionedRateLimiter<HttpContext> _limiter;

    public AddressRateLimit(RequestDelegate next, LimitOptions limits, TrustedProxies trustedProxies)
    {
        _next = next;
        _trustedProxies = trustedProxies;
        _perSecond = limits.RequestsPerSecond;
        Func<IPAddress, RateLimiter> create = CreateBucket;
        _limiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context => RateLimitPartition.Get(Subscriber(context), create));
    }

    public Task InvokeAsync(HttpContext context)
    {
        bool isAcquired;
        using (var lease = _limiter.AttemptAcquire(context))
            isAcquired = lease.IsAcquired;
        return isAcquired
            ? _next(context)
            : new Problem(
                ProblemTypes.QuotaExceeded,
                $"This address sends more than {_perSecond} requests a second (Limits:RequestsPerSecond). Nothing was charged to any quota. Wait, and send more slowly."
            )
            {
                ViolatedPolicies = [Policy],
                RetryAfter = 1,
            }.ExecuteAsync(context);
    }

    public void Dispose() => _limiter.Dispose();

    private IPAddress Subscriber(HttpContext context)
    {
        var address = Peer.From(context, _trustedProxies).CallerAddress(context, _trustedProxies);
        return address is null ? IPAddress.None : Network.SubscriberOf(address);
    }

    /// <summary>The limiter replenishes all buckets itself, and removes those that are full.</summary>
    private TokenBucketRateLimiter CreateBucket(IPAddress address) =>
        new(
            new TokenBucketRateLimiterOptions
            {
                TokenLimit = 2 * _perSecond,
                TokensPerPeriod = _perSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                AutoReplenishment = false,
                QueueLimit = 0,
            }
        );
}
