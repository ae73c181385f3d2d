using System.Globalization;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;

namespace Gateway.Quotas;

/// <summary>The 429 for a request that a quota does not admit, in words that need no other request.</summary>
internal static class QuotaRefusal
{
    /// <summary>Of a quota that a replica counts itself.</summary>
    public static Problem ToProblem(QuotaStatus quota)
    {
        var violated = new ExceededQuota(quota, 1);
        return ToProblem([violated], violated.NeverAdmits ? null : quota.ResetSeconds ?? 1);
    }

    /// <param name="violated">What does not admit it.</param>
    /// <param name="retryAfter">Seconds; null: waiting does not help.</param>
    public static Problem ToProblem(IReadOnlyList<ExceededQuota> violated, int? retryAfter)
    {
        var neverAdmitted = violated.Any(one => one.NeverAdmits);
        var quotas = string.Join("; ", violated.Select(Describe));
        return new Problem(
            ProblemTypes.QuotaExceeded,
            neverAdmitted
                ? $"This request can never be admitted: it needs more than a whole limit, so waiting does not help. {quotas}. "
                    + "Nothing was sent and nothing was charged. Ask for less, or ask the operator for a higher limit."
                : $"This request does not fit into what is left. {quotas}. "
                    + "Nothing was sent and nothing was charged. Send it again after Retry-After seconds, or ask for less."
        )
        {
            ViolatedPolicies = [.. violated.Select(one => one.Quota.Name)],
            NeverAdmitted = neverAdmitted,
            RetryAfter = retryAfter,
        };
    }

    /// <summary><c>images-day: 8 asked, 3 of 500 left, resets at 2026-11-23 00:00 UTC</c>.</summary>
    private static string Describe(ExceededQuota violated)
    {
        var quota = violated.Quota;
        var unit = quota.Unit == QuotaStatus.Micros ? " USD" : "";
        return $"{quota.Name}: {Amount(quota, violated.Asked)}{unit} asked, "
            + $"{Amount(quota, quota.Remaining ?? 0)} of {Amount(quota, quota.Limit ?? 0)}{unit} left{DescribeReset(violated)}";
    }

    private static string DescribeReset(ExceededQuota violated) =>
        violated.Quota switch
        {
            { ResetsAt: { } at } => $", resets at {Format(at)} UTC",
            { Unit: QuotaStatus.Generations } when !violated.NeverAdmits => ", more when a running generation ends",
            { Unit: QuotaStatus.Jobs } when !violated.NeverAdmits => ", more when a queued job is sent or cancelled",
            { Unit: TenantStreams.Unit } when !violated.NeverAdmits =>
                ", more when one of its open images, uploads, waits and event streams ends",
            _ => "",
        };

    private static string Amount(QuotaStatus quota, long amount) =>
        quota.Unit == QuotaStatus.Micros ? Usd.Format(amount) : amount.ToString(CultureInfo.InvariantCulture);

    /// <summary>Seconds only where there are some, rounded up: never earlier than the reset.</summary>
    private static string Format(DateTimeOffset at)
    {
        var whole = new DateTime(
            (at.UtcTicks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond,
            DateTimeKind.Utc
        );
        return whole.ToString(whole.Second == 0 ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }
}
