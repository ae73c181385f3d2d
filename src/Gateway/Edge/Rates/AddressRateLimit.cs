using Gateway.Edge.Addresses;
using Gateway.Edge.Limits;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Rates;

/// <summary>
/// Middleware: limits the requests of one address, before identification costs anything (OWASP API4:2023).
/// </summary>
internal sealed class AddressRateLimit(
    RequestDelegate next,
    LimitOptions limits,
    TrustedProxies trustedProxies,
    ManagementOptions management
) : IDisposable
{
    public const string Policy = "requests-per-address";

    private readonly AddressLimiter _limiter = new(limits.RequestsPerSecond, trustedProxies);

    public Task InvokeAsync(HttpContext context)
    {
        if (management.IsMonitoring(context) || _limiter.TryAcquire(context))
            return next(context);
        // Not identified, and logged like other requests without a tenant.
        context.Features.Set(AnonymousRequest.Instance);
        return new Problem(
            ProblemTypes.QuotaExceeded,
            $"This address sends more than {limits.RequestsPerSecond} requests a second (Limits:RequestsPerSecond). Nothing was charged to any quota. Wait, and send more slowly."
        )
        {
            ViolatedPolicies = [Policy],
            RetryAfter = 1,
        }.ExecuteAsync(context);
    }

    public void Dispose() => _limiter.Dispose();
}
