using Gateway.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Ledger.Maintenance;

/// <summary>Ready only with a store that answers: without the ledger nothing is admitted.</summary>
internal sealed class StoreHealth(QuotaLedger ledger, Database database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await ledger.IsAvailableAsync(cancellationToken)
            ? HealthCheckResult.Healthy(database.Description)
            : HealthCheckResult.Unhealthy("the store does not answer; nothing is admitted until it does");
}
