using Gateway.Edge;
using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Telemetry.Alerts;

/// <summary><c>GET /admin/alerts</c>: which alerts fire now, what to do about them, and how the gateway is.</summary>
internal sealed class AlertsEndpoint(
    AlertRules rules,
    Remedies remedies,
    QuotaLedger ledger,
    TenantDirectory tenants,
    Database database,
    TimeProvider time
)
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    public async Task<IResult> GetAsync(CancellationToken cancellationToken)
    {
        var store = await ReadAsync(cancellationToken);
        var alerts = rules.Check(store).Select(alert => alert with { Remedy = remedies.Find(alert.Name) });
        return TypedResults.Json(
            new AdminAlerts(
                time.GetUtcNow().UtcDateTime,
                [.. alerts],
                new GatewayState(
                    GatewayMetrics.Version,
                    _startedAt.UtcDateTime,
                    ledger.Replicas,
                    database.Description,
                    store is not null,
                    store is null ? 0 : Math.Round(rules.Seconds(store.Backlog.OldestDue), 1),
                    store is null ? 0 : CountQueued(store)
                )
            ),
            AlertsJson.Default.AdminAlerts
        );
    }

    private static long CountQueued(StoreState store) =>
        store.Quotas.Values.Sum(quotas => quotas.FirstOrDefault(quota => quota.Name == QuotaStatus.JobsQueued)?.Used ?? 0);

    /// <returns>Null: the store does not answer; this is what the operator has to see.</returns>
    private async Task<StoreState?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new StoreState(
                await LedgerBacklog.ReadAsync(database, cancellationToken),
                await ledger.QuotasAsync([.. tenants.Current.Tenants.Values], cancellationToken)
            );
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }
}
