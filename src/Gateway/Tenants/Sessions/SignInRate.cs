using System.Threading.RateLimiting;
using Gateway.Edge.Problems;

namespace Gateway.Tenants.Sessions;

/// <summary>
/// How often one tenant or operator may sign in, on each replica: every sign-in is a write to the store, and a script
/// has no use for a session.
/// </summary>
internal sealed class SignInRate : IDisposable
{
    private const string Policy = "sign-ins";

    private static readonly TokenBucketRateLimiterOptions Rate = new()
    {
        TokenLimit = 60,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        AutoReplenishment = true,
        QueueLimit = 0,
    };

    private readonly PartitionedRateLimiter<string> _rate = PartitionedRateLimiter.Create<string, string>(name =>
        RateLimitPartition.GetTokenBucketLimiter(name, _ => Rate)
    );

    /// <returns>The refusal; null: it is counted.</returns>
    public Problem? Count(SessionRole role, string name)
    {
        using var lease = _rate.AttemptAcquire($"{role} {name}");
        return lease.IsAcquired
            ? null
            : new Problem(
                ProblemTypes.QuotaExceeded,
                "A tenant or an operator may sign in once a second, and 60 times at once. Nothing was changed. Programs send the token with each request instead of a session."
            )
            {
                ViolatedPolicies = [Policy],
                RetryAfter = 1,
            };
    }

    public void Dispose() => _rate.Dispose();
}
