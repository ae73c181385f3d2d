using Gateway.Edge.Addresses;
using Gateway.Edge.Limits;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Rates;

/// <summary>
/// Limits the requests of one address that belong to no tenant: pages and documents that anybody may read, and
/// requests that are refused as unidentified. Tenants behind the same address are not affected (T-K2, T-K11).
/// </summary>
internal sealed class AnonymousRequests(LimitOptions limits, TrustedProxies trustedProxies, ManagementOptions management) : IDisposable
{
    /// <summary>Eight callers in a loop then send 80 requests a second, not as many as the CPU can refuse.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(100);

    private readonly AddressLimiter? _limiter =
        limits.AnonymousRequestsPerSecond > 0 ? new(limits.AnonymousRequestsPerSecond, trustedProxies) : null;

    /// <summary>Marks the request as one without a tenant, and counts it.</summary>
    /// <returns>Null: it may go on.</returns>
    public Problem? Count(HttpContext context)
    {
        var isCounted = context.Features.Get<AnonymousRequest>() is not null;
        context.Features.Set(AnonymousRequest.Instance);
        ConnectionLimit.OnAnonymousRequest(context);
        return isCounted || management.IsMonitoring(context) || _limiter?.TryAcquire(context) != false
            ? null
            : new Problem(
                ProblemTypes.QuotaExceeded,
                $"This address sends more than {limits.AnonymousRequestsPerSecond} requests a second that belong to no tenant (Limits:AnonymousRequestsPerSecond). "
                    + "Nothing was reserved or sent. Wait, and send more slowly, or present a valid credential."
            )
            {
                ViolatedPolicies = [AddressRateLimit.Policy],
                RetryAfter = 1,
                Delay = Delay,
            };
    }

    /// <summary>
    /// Answers a request that belongs to no tenant with its refusal, or with 429 if there are too many.
    /// </summary>
    public Task RefuseAsync(HttpContext context, Problem refusal) => (Count(context) ?? refusal).ExecuteAsync(context);

    public void Dispose() => _limiter?.Dispose();
}
