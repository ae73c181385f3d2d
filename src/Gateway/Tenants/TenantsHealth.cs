using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Tenants;

/// <summary>
/// Reports the tenants file in readiness. A bad file only degrades it: the last good one stays in force, and a typing
/// error must not take down every replica.
/// </summary>
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
                // What is wrong is only in the log: anyone can read readiness.
                : HealthCheckResult.Degraded("the tenants file is refused, see the log; the last good one is in force", data: since)
        );
    }
}
