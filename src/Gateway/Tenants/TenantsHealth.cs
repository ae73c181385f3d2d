using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Tenants;

/// <summary>Says in readiness which tenants file is in force. A bad one does not make the gateway unready: the last good one serves on, and a mistake in it must not take down every replica.</summary>
internal sealed class TenantsHealth(TenantDirectory directory) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var since = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["since"] = directory.LoadedAt?.ToString("O", CultureInfo.InvariantCulture) ?? "never",
        };
        return Task.FromResult(
            directory.FileError is null
                ? HealthCheckResult.Healthy(data: since)
                // Which faults is for the log: anyone may ask for readiness.
                : HealthCheckResult.Degraded("the tenants file is refused, see the log; the last good one is in force", data: since)
        );
    }
}
