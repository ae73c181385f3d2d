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
        var (quotas, totals) = await ledger.UsageAsync(caller.Tenant, cancellationToken);
        return TypedResults.Json(
            new UsageReport(
                new UsageTenant(caller.Tenant.Id, caller.Tenant.Name, caller.IdentifiedBy),
                [.. quotas.Concat(bounds.GetStatuses(caller.Tenant)).OrderBy(quota => quota.IsOrganization).Select(UsageQuota.From)],
                new UsageSums(Describe(totals.Today), Describe(totals.Month))
            ),
            UsageJson.Default.UsageReport
        );
    }

    private static UsageSum Describe(PeriodTotals totals) => new(totals.Generations, totals.Images, Usd.Format(totals.Micros));
}

/// <param name="Tenant">The tenant that the caller was identified as.</param>
/// <param name="Quotas">The tenant's own, and the organisation's (<c>org-…</c>).</param>
/// <param name="Totals">What was charged.</param>
internal sealed record UsageReport(UsageTenant Tenant, IReadOnlyList<UsageQuota> Quotas, UsageSums Totals);

/// <param name="IdentifiedBy">The way in which the caller was identified.</param>
internal sealed record UsageTenant(string Id, string Name, string IdentifiedBy);

/// <summary><c>usd-month</c> is in dollars, as decimal strings; all other quotas are whole numbers.</summary>
/// <param name="Unit">images, requests, generations, usd or streams.</param>
/// <param name="Limit">Null: unlimited.</param>
/// <param name="Used">Settled; of requests, generations and streams: counted.</param>
/// <param name="Held">Reserved, forwarded or unknown.</param>
/// <param name="Remaining">Null: unlimited.</param>
/// <param name="ResetsAt">UTC; null if the quota does not reset.</param>
internal sealed record UsageQuota(string Name, string Unit, object? Limit, object Used, object Held, object? Remaining, DateTime? ResetsAt)
{
    public static UsageQuota From(QuotaStatus quota) =>
        new(
            quota.Name,
            quota.Unit == QuotaStatus.Micros ? "usd" : quota.Unit,
            ToAmount(quota, quota.Limit),
            ToAmount(quota, quota.Used)!,
            ToAmount(quota, quota.Held)!,
            ToAmount(quota, quota.Remaining),
            quota.ResetsAt?.UtcDateTime
        );

    /// <returns>Dollars as a decimal string, anything else as a whole number.</returns>
    public static object? ToAmount(QuotaStatus quota, long? value) =>
        quota.Unit == QuotaStatus.Micros && value is { } micros ? Usd.Format(micros) : value;
}

internal sealed record UsageSums(UsageSum Today, UsageSum Month);

/// <param name="Usd">Dollars, at least four decimals.</param>
internal sealed record UsageSum(long Generations, long Images, string Usd);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(long))]
internal sealed partial class UsageJson : JsonSerializerContext;
