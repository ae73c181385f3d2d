using Gateway.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Ledger.Maintenance;

/// <summary>Ready only while the store answers: without the ledger no request is admitted.</summary>
internal sealed class StoreHealth(QuotaLedger ledger, Database database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await ledger.IsAvailableAsync(cancellationToken)
            ? HealthCheckResult.Healthy(database.Description)
            : HealthCheckResult.Unhealthy("the store does not answer; no request is admitted until it does");
}
