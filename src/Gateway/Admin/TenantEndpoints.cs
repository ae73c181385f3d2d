using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Admin;

/// <summary><c>/admin/tenants</c>: who there is, what is in force, what is used; suspending, resuming, granting.</summary>
internal sealed class TenantEndpoints(
    TenantDirectory directory,
    QuotaLedger ledger,
    Suspensions suspensions,
    AuditTrail audit,
    Database database
)
{
    public const long MaxGrant = 1_000_000_000;

    public async Task<IResult> List(CancellationToken cancellationToken)
    {
        var tenants = directory.Current.Tenants.Values.OrderBy(tenant => tenant.Id, StringComparer.Ordinal).ToList();
        if (await ledger.QuotasAsync(tenants, cancellationToken) is not { } quotas)
            return AdminBody.StoreAway();
        return TypedResults.Json(
            new AdminTenants([.. tenants.Select(tenant => Describe(tenant, quotas[tenant.Id], totals: null))]),
            AdminJson.Default.AdminTenants
        );
    }

    public async Task<IResult> Get(string id, CancellationToken cancellationToken) =>
        directory.Current.Tenants.TryGetValue(id, out var tenant) ? await Answer(tenant, cancellationToken) : NoSuchTenant();

    public Task<IResult> Suspend(string id, HttpRequest request, Operator who, CancellationToken cancellationToken) =>
        Set(id, suspended: true, request, who, cancellationToken);

    public Task<IResult> Resume(string id, HttpRequest request, Operator who, CancellationToken cancellationToken) =>
        Set(id, suspended: false, request, who, cancellationToken);

    public async Task<IResult> AddGrant(string id, HttpRequest request, Operator who, CancellationToken cancellationToken)
    {
        if (!directory.Current.Tenants.TryGetValue(id, out var tenant))
            return NoSuchTenant();
        var (body, refusal) = await AdminBody.ReadAsync(request, AdminJson.Default.GrantBody);
        if (body is null)
            return refusal!;
        var faults = FaultsOf(body).ToList();
        if (faults.Count > 0)
            return AdminBody.Invalid(faults);
        var quota = QuotaGrant.Quotas[body.Quota!];
        var amount = (long)(quota == QuotaStatus.UsdMonth ? body.Amount!.Value * 1_000_000 : body.Amount!.Value);
        // The ledger's own clock says which period runs.
        if (await ledger.QuotasAsync([tenant], cancellationToken) is not { } quotas)
            return AdminBody.StoreAway();
        if (quotas[id].First(one => one.Name == quota).Limit is null)
            return AdminBody.Invalid([new Violation("#/quota", "unlimited", "has no limit for this tenant: there is nothing to raise")]);
        var now = quotas[id][0].At;
        await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var period = await QuotaGrant.AddAsync(connection, transaction, database, now, id, quota, amount, cancellationToken);
                var detail = JsonSerializer.Serialize(
                    new GrantDetail(body.Quota!, body.Amount!.Value, period),
                    AdminJson.Default.GrantDetail
                );
                await audit.AddAsync(
                    connection,
                    transaction,
                    new AuditEntry(who.Who, "grant", id, body.Reason!, detail),
                    cancellationToken
                );
                return true;
            },
            cancellationToken
        );
        return await Answer(tenant, cancellationToken);
    }

    private async Task<IResult> Set(string id, bool suspended, HttpRequest request, Operator who, CancellationToken cancellationToken)
    {
        if (!directory.Current.Tenants.TryGetValue(id, out var tenant))
            return NoSuchTenant();
        var (body, refusal) = await AdminBody.ReadReasonAsync(request);
        if (body is null)
            return refusal!;
        // In an emergency a reason may come later, elsewhere; that there was none is in the audit.
        var reason = body.Reason ?? "(no reason given)";
        if (AdminBody.FaultOfReason(reason) is { } fault)
            return AdminBody.Invalid([fault]);
        await suspensions.SetAsync(id, suspended, who.Who, reason, cancellationToken);
        return await Answer(tenant, cancellationToken);
    }

    private async Task<IResult> Answer(Tenant tenant, CancellationToken cancellationToken) =>
        await ledger.UsageAsync(tenant, cancellationToken) is var (quotas, totals)
            ? TypedResults.Json(Describe(tenant, quotas, totals), AdminJson.Default.AdminTenant)
            : AdminBody.StoreAway();

    private AdminTenant Describe(Tenant tenant, IReadOnlyList<QuotaStatus> quotas, UsageTotals? totals)
    {
        var policy = tenant.Policy;
        return new AdminTenant(
            tenant.Id,
            tenant.Name,
            directory.IsSuspended(tenant.Id),
            new AdminPolicy(
                policy.Models is null ? null : [.. policy.Models.Order(StringComparer.Ordinal)],
                policy.AllowPublic,
                policy.MaxQuantity,
                policy.MaxPixels,
                policy.AnyReferences ? "any" : "own"
            ),
            [.. quotas.Select(Describe)],
            totals is null ? null : new AdminTotals(Describe(totals.Today), Describe(totals.Month))
        );
    }

    private static AdminSum Describe(PeriodTotals totals) => new(totals.Generations, totals.Images, Usd.Format(totals.Micros));

    private static AdminQuota Describe(QuotaStatus quota)
    {
        object? Amount(long? value) => quota.Unit == QuotaStatus.Micros && value is { } micros ? Usd.Format(micros) : value;
        return new AdminQuota(
            quota.Name,
            Amount(quota.Limit),
            Amount(quota.Granted)!,
            Amount(quota.Used)!,
            Amount(quota.Held)!,
            Amount(quota.Remaining),
            quota.ResetsAt?.UtcDateTime
        );
    }

    private static IEnumerable<Violation> FaultsOf(GrantBody body)
    {
        if (body.Quota is null || !QuotaGrant.Quotas.ContainsKey(body.Quota))
            yield return new Violation("#/quota", "unknown-value", $"must be one of {string.Join(", ", QuotaGrant.Quotas.Keys)}");
        var decimals = body.Quota == "usdPerMonth" ? 6 : 0;
        if (body.Amount is not { } amount || amount <= 0 || amount > MaxGrant || decimal.Round(amount, decimals) != amount)
            yield return new Violation(
                "#/amount",
                "out-of-range",
                decimals == 0 ? "must be a whole number from 1 to 1000000000" : "must be dollars from 0.000001 to 1000000000"
            );
        if (AdminBody.FaultOfReason(body.Reason) is { } fault)
            yield return fault;
    }

    private static Problem NoSuchTenant() => new(ProblemTypes.NotFound, "The tenants file in force has no such tenant.");
}

internal sealed record AdminTenants(IReadOnlyList<AdminTenant> Tenants);

/// <param name="Policy">As it is in force.</param>
/// <param name="Quotas">With the grants of the running period.</param>
/// <param name="Totals">What was charged; null in the list of all tenants.</param>
internal sealed record AdminTenant(
    string Id,
    string Name,
    bool Suspended,
    AdminPolicy Policy,
    IReadOnlyList<AdminQuota> Quotas,
    AdminTotals? Totals
);

/// <param name="Models">Null: every model.</param>
/// <param name="References"><c>own</c> or <c>any</c>.</param>
internal sealed record AdminPolicy(IReadOnlyList<string>? Models, bool AllowPublic, int? MaxQuantity, long? MaxPixels, string References);

/// <summary><c>usd-month</c> counts in dollars, as decimal strings; all others in whole numbers.</summary>
/// <param name="Limit">That of the file and what was granted; null: unlimited.</param>
/// <param name="Granted">The part of the limit that was granted for the running period.</param>
internal sealed record AdminQuota(
    string Name,
    object? Limit,
    object Granted,
    object Used,
    object Held,
    object? Remaining,
    DateTime? ResetsAt
);

internal sealed record AdminTotals(AdminSum Today, AdminSum Month);

/// <param name="Usd">Dollars, at least four decimals.</param>
internal sealed record AdminSum(long Generations, long Images, string Usd);

/// <summary>For the audit.</summary>
internal sealed record GrantDetail(string Quota, decimal Amount, string Period);
