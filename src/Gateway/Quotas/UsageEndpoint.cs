using System.Text.Json.Serialization;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Quotas;

/// <summary><c>GET /v1/usage</c>: which tenant the caller is, what is left of its quotas, what was charged.</summary>
internal static class UsageEndpoint
{
    public static async Task<IResult> GetAsync(Caller caller, QuotaLedger ledger, TenantBounds bounds, CancellationToken cancellationToken)
    {
        var (quotas, totals, queue) = await ledger.UsageAsync(caller.Tenant, cancellationToken);
        return TypedResults.Json(
            new UsageReport(
                new UsageTenant(caller.Tenant.Id, caller.Tenant.Name, caller.IdentifiedBy) { User = caller.User },
                [.. quotas.Concat(bounds.GetStatuses(caller.Tenant)).OrderBy(quota => quota.IsOrganization).Select(UsageQuota.From)],
                new UsageSums(Describe(totals.Today), Describe(totals.Month)),
                UsageQueue.From(queue)
            ),
            UsageJson.Default.UsageReport
        );
    }

    private static UsageSum Describe(PeriodTotals totals) => new(totals.Generations, totals.Images, Usd.ToDollars(totals.Micros));
}

/// <param name="Tenant">The tenant that the caller was identified as.</param>
/// <param name="Quotas">The tenant's own, and the organisation's (<c>org-…</c>).</param>
/// <param name="Totals">What was charged.</param>
/// <param name="Queue">What waits for the account.</param>
internal sealed record UsageReport(UsageTenant Tenant, IReadOnlyList<UsageQuota> Quotas, UsageSums Totals, UsageQueue Queue);

/// <summary>Requests that wait for a slot of the organisation's account.</summary>
/// <param name="Waiting">Of this tenant.</param>
/// <param name="Position">Of its oldest among those of all tenants, from 1: an estimate. Null: none waits.</param>
/// <param name="EstimatedStart">UTC, by the rate of the last minute. Null: none waits.</param>
internal sealed record UsageQueue(long Waiting, long? Position, DateTime? EstimatedStart)
{
    public static UsageQueue From(QueueStatus queue) =>
        queue.Waiting == 0 ? new(0, null, null) : new(queue.Waiting, queue.Position, queue.At.AddSeconds(queue.Seconds).UtcDateTime);
}

/// <param name="IdentifiedBy">The way in which the caller was identified.</param>
internal sealed record UsageTenant(string Id, string Name, string IdentifiedBy)
{
    /// <summary>The person that the caller's requests are reported for. Left out if none is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? User { get; init; }
}

/// <summary><c>usd-month</c> is in dollars, with at most six decimals; all other quotas are whole numbers.</summary>
/// <param name="Unit">What is counted.</param>
/// <param name="Limit">Null: unlimited.</param>
/// <param name="Used">Settled; of requests, generations and streams: counted.</param>
/// <param name="Held">Reserved, forwarded or unknown.</param>
/// <param name="Remaining">Null: unlimited.</param>
/// <param name="ResetsAt">UTC; null if the quota does not reset.</param>
internal sealed record UsageQuota(
    string Name,
    string Unit,
    decimal? Limit,
    decimal Used,
    decimal Held,
    decimal? Remaining,
    DateTime? ResetsAt
)
{
    public static UsageQuota From(QuotaStatus quota) =>
        new(
            quota.Name,
            quota.Unit == QuotaStatus.Micros ? "usd" : quota.Unit,
            ToAmountOrNull(quota, quota.Limit),
            ToAmount(quota, quota.Used),
            ToAmount(quota, quota.Held),
            ToAmountOrNull(quota, quota.Remaining),
            quota.ResetsAt?.UtcDateTime
        );

    /// <returns>Dollars, or a whole number of anything else.</returns>
    public static decimal ToAmount(QuotaStatus quota, long value) => quota.Unit == QuotaStatus.Micros ? Usd.ToDollars(value) : value;

    private static decimal? ToAmountOrNull(QuotaStatus quota, long? value) => value is { } amount ? ToAmount(quota, amount) : null;
}

internal sealed record UsageSums(UsageSum Today, UsageSum Month);

/// <param name="Usd">Dollars, with at most six decimals.</param>
internal sealed record UsageSum(long Generations, long Images, decimal Usd);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UsageReport))]
internal sealed partial class UsageJson : JsonSerializerContext;
