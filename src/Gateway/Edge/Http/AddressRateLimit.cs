using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Gateway.Edge.Problems;
using Gateway.Tenants.Identification;

namespace Gateway.Edge.Http;

/// <summary>Middleware: how many requests one address may send, before anybody works out who it is (OWASP API4:2023).</summary>
internal sealed class AddressRateLimit : IDisposable
{
    private const string Policy = "requests-per-address";

    private readonly RequestDelegate _next;
    private readonly IdentificationOptions _identification;
    private readonly int _perSecond;
    private readonly PartitionedRateLimiter<HttpContext> _limiter;

    public AddressRateLimit(RequestDelegate next, LimitOptions limits, IdentificationOptions identification)
    {
        _next = next;
        _identification = identification;
        _perSecond = limits.RequestsPerSecond;
        Func<IPAddress, RateLimiter> create = CreateBucket;
        _limiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context => RateLimitPartition.Get(Caller(context), create));
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
                $"This address sends more than {_perSecond} requests a second (Limits:RequestsPerSecond). No tenant's quota was touched."
            )
            {
                ViolatedPolicies = [Policy],
                RetryAfter = 1,
            }.ExecuteAsync(context);
    }

    public void Dispose() => _limiter.Dispose();

    /// <summary>Behind a trusted proxy, whom it speaks for. An IPv6 caller has its whole /64.</summary>
    private IPAddress Caller(HttpContext context)
    {
        var peer = Peer.Of(context, _identification.TrustedProxies);
        var address = peer.Origin(context, _identification.TrustedProxies) ?? peer.Address ?? IPAddress.None;
        if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
            return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    /// <summary>The limiter replenishes all buckets itself, and forgets those that are full.</summary>
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
