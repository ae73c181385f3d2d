using System.Text.Json.Serialization;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Quotas;

/// <summary><c>GET /v1/usage</c>: who the gateway takes the caller for, what is left, what was spent.</summary>
internal static class UsageEndpoint
{
    public static async Task<IResult> Get(Caller caller, QuotaLedger ledger, CancellationToken cancellationToken)
    {
        if (await ledger.UsageAsync(caller.Tenant, cancellationToken) is not var (quotas, totals))
            return new Problem(ProblemTypes.StoreUnavailable, "The quotas cannot be read just now.") { RetryAfter = 1 };
        return TypedResults.Json(
            new UsageReport(
                new UsageTenant(caller.Tenant.Id, caller.Tenant.Name, caller.IdentifiedBy),
                [.. quotas.Select(Describe)],
                new UsageSums(Describe(totals.Today), Describe(totals.Month))
            ),
            UsageJson.Default.UsageReport
        );
    }

    private static UsageQuota Describe(QuotaStatus quota)
    {
        // Dollars are decimal strings, all else whole numbers.
        object? Amount(long? value) => quota.Unit == QuotaStatus.Micros && value is { } micros ? Usd.Format(micros) : value;
        return new UsageQuota(
            quota.Name,
            Amount(quota.Limit),
            Amount(quota.Used)!,
            Amount(quota.Held)!,
            Amount(quota.Remaining),
            quota.ResetsAt?.UtcDateTime
        );
    }

    private static UsageSum Describe(PeriodTotals totals) => new(totals.Generations, totals.Images, Usd.Format(totals.Micros));
}

/// <param name="Tenant">Who the gateway takes the caller for.</param>
/// <param name="Quotas">The tenant's own, and the organisation's (<c>org-…</c>).</param>
/// <param name="Totals">What was charged.</param>
internal sealed record UsageReport(UsageTenant Tenant, IReadOnlyList<UsageQuota> Quotas, UsageSums Totals);

/// <param name="IdentifiedBy">The way in which the caller was identified.</param>
internal sealed record UsageTenant(string Id, string Name, string IdentifiedBy);

/// <summary><c>usd-month</c> counts in dollars, as decimal strings; all others in whole numbers.</summary>
/// <param name="Limit">Null: unlimited.</param>
/// <param name="Used">Settled.</param>
/// <param name="Held">Reserved, forwarded or unknown.</param>
/// <param name="Remaining">Null: unlimited.</param>
/// <param name="ResetsAt">UTC; null where nothing resets.</param>
internal sealed record UsageQuota(string Name, object? Limit, object Used, object Held, object? Remaining, DateTime? ResetsAt);

internal sealed record UsageSums(UsageSum Today, UsageSum Month);

/// <param name="Usd">Dollars, at least four decimals.</param>
internal sealed record UsageSum(long Generations, long Images, string Usd);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(long))]
internal sealed partial class UsageJson : JsonSerializerContext;
