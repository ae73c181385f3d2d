using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Quotas;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Admin;

/// <summary><c>/admin/tenants</c>: the tenants with their policies and usage; suspend, resume, grant.</summary>
internal sealed class TenantEndpoints(
    TenantDirectory directory,
    QuotaLedger ledger,
    TenantBounds bounds,
    Suspensions suspensions,
    AuditTrail audit,
    UsageReader usage,
    Database database
)
{
    public const long MaxGrant = 1_000_000_000;

    public async Task<IResult> ListAsync(CancellationToken cancellationToken)
    {
        var tenants = directory.Current.Tenants.Values.OrderBy(tenant => tenant.Id, StringComparer.Ordinal).ToList();
        var quotas = await ledger.QuotasAsync(tenants, cancellationToken);
        return TypedResults.Json(
            new AdminTenants(
                [.. tenants.Select(tenant => Describe(tenant, quotas[tenant.Id]))],
                directory.FileError?.Split('\n') ?? [],
                directory.LoadedAt?.UtcDateTime
            ),
            AdminJson.Default.AdminTenants
        );
    }

    public async Task<IResult> GetAsync(string id, CancellationToken cancellationToken) =>
        directory.Current.Tenants.TryGetValue(id, out var tenant) ? await AnswerAsync(tenant, cancellationToken) : NoSuchTenant();

    public Task<IResult> SuspendAsync(string id, HttpRequest request, Operator caller, CancellationToken cancellationToken) =>
        SetSuspendedAsync(id, suspended: true, request, caller, cancellationToken);

    public Task<IResult> ResumeAsync(string id, HttpRequest request, Operator caller, CancellationToken cancellationToken) =>
        SetSuspendedAsync(id, suspended: false, request, caller, cancellationToken);

    public async Task<IResult> AddGrantAsync(string id, HttpRequest request, Operator caller, CancellationToken cancellationToken)
    {
        if (!directory.Current.Tenants.TryGetValue(id, out var tenant))
            return NoSuchTenant();
        var (body, refusal) = await AdminBody.ReadAsync(request, AdminJson.Default.GrantBody);
        if (body is null)
            return refusal!;
        var violations = ViolationsIn(body).ToList();
        if (violations.Count > 0)
            return AdminBody.Invalid(violations);
        var quota = QuotaGrant.Quotas[body.Quota!];
        var amount = (long)(quota == QuotaStatus.UsdMonth ? body.Amount!.Value * 1_000_000 : body.Amount!.Value);
        // The ledger's clock decides which period the grant belongs to.
        var quotas = await ledger.QuotasAsync([tenant], cancellationToken);
        if (quotas[id].First(one => one.Name == quota).Limit is null)
            return AdminBody.Invalid([new Violation("#/quota", "unlimited", "has no limit for this tenant, so there is nothing to raise")]);
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
                    new AuditEntry(caller.Name, "grant", id, body.Reason!, detail),
                    cancellationToken
                );
                return true;
            },
            cancellationToken
        );
        return await AnswerAsync(tenant, cancellationToken);
    }

    private async Task<IResult> SetSuspendedAsync(
        string id,
        bool suspended,
        HttpRequest request,
        Operator caller,
        CancellationToken cancellationToken
    )
    {
        if (!directory.Current.Tenants.TryGetValue(id, out var tenant))
            return NoSuchTenant();
        var (body, refusal) = await AdminBody.ReadReasonAsync(request);
        if (body is null)
            return refusal!;
        // A reason is optional, so that nothing delays an emergency; the audit records that there was none.
        var reason = body.Reason ?? "(no reason given)";
        if (AdminBody.ValidateReason(reason) is { } violation)
            return AdminBody.Invalid([violation]);
        await suspensions.SetAsync(id, suspended, caller.Name, reason, cancellationToken);
        return await AnswerAsync(tenant, cancellationToken);
    }

    private async Task<IResult> AnswerAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        var (quotas, totals, _) = await ledger.UsageAsync(tenant, cancellationToken);
        var neverSent = await usage.ReadNeverSentAsync(tenant.Id, quotas[0].At, cancellationToken);
        return TypedResults.Json(
            Describe(tenant, quotas) with
            {
                Totals = new AdminTotals(Describe(totals.Today), Describe(totals.Month)),
                NeverSent = neverSent,
            },
            AdminJson.Default.AdminTenant
        );
    }

    private AdminTenant Describe(Tenant tenant, IReadOnlyList<QuotaStatus> quotas)
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
            [.. quotas.Concat(bounds.GetStatuses(tenant)).OrderBy(quota => quota.IsOrganization).Select(Describe)]
        );
    }

    private static AdminSum Describe(PeriodTotals totals) => new(totals.Generations, totals.Images, Usd.ToDollars(totals.Micros));

    private static AdminQuota Describe(QuotaStatus quota)
    {
        var usage = UsageQuota.From(quota);
        return new AdminQuota(
            usage.Name,
            usage.Unit,
            usage.Limit,
            UsageQuota.ToAmount(quota, quota.Granted),
            usage.Used,
            usage.Held,
            usage.Remaining,
            usage.ResetsAt
        );
    }

    private static IEnumerable<Violation> ViolationsIn(GrantBody body)
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
        if (AdminBody.ValidateReason(body.Reason) is { } violation)
            yield return violation;
    }

    private static Problem NoSuchTenant() =>
        new(
            ProblemTypes.NotFound,
            "The tenants file in force has no such tenant. Nothing was changed; GET /admin/tenants lists the tenants."
        );
}

/// <param name="FileErrors">
/// What is wrong with the tenants file as it is now: it is refused, and the last good one stays in force. Empty: it is
/// in force.
/// </param>
/// <param name="FileSince">When the file in force was read.</param>
internal sealed record AdminTenants(IReadOnlyList<AdminTenant> Tenants, IReadOnlyList<string> FileErrors, DateTime? FileSince);

/// <param name="Policy">The policy in force.</param>
/// <param name="Quotas">With the grants of the current period.</param>
internal sealed record AdminTenant(string Id, string Name, bool Suspended, AdminPolicy Policy, IReadOnlyList<AdminQuota> Quotas)
{
    /// <summary>What was charged; null in the list of all tenants.</summary>
    public AdminTotals? Totals { get; init; }

    /// <summary>
    /// Requests that were admitted and then not sent: the caller disconnected while they waited for a slot, or none
    /// came free. Null in the list of all tenants.
    /// </summary>
    public AdminNeverSent? NeverSent { get; init; }
}

/// <param name="Models">Null: every model.</param>
/// <param name="References"><c>own</c> or <c>any</c>.</param>
internal sealed record AdminPolicy(IReadOnlyList<string>? Models, bool AllowPublic, int? MaxQuantity, long? MaxPixels, string References);

/// <summary><c>usd-month</c> is in dollars, with at most six decimals; all other quotas are whole numbers.</summary>
/// <param name="Limit">The limit of the tenants file plus what was granted; null: unlimited.</param>
/// <param name="Unit">What is counted; streams are those of this replica.</param>
/// <param name="Granted">The part of the limit that was granted for the current period.</param>
internal sealed record AdminQuota(
    string Name,
    string Unit,
    decimal? Limit,
    decimal Granted,
    decimal Used,
    decimal Held,
    decimal? Remaining,
    DateTime? ResetsAt
);

/// <summary>Counted by UTC day and month. They cost nothing.</summary>
internal sealed record AdminNeverSent(long Today, long Month);

internal sealed record AdminTotals(AdminSum Today, AdminSum Month);

/// <param name="Usd">Dollars, with at most six decimals.</param>
internal sealed record AdminSum(long Generations, long Images, decimal Usd);

/// <summary>The audit line's detail.</summary>
internal sealed record GrantDetail(string Quota, decimal Amount, string Period);
