using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Results;

/// <summary>Says in readiness whether the watcher of running generations goes round. It never fails readiness: what is paid for is found later.</summary>
internal sealed class WatcherHealth(Watcher watcher, TimeProvider time) : IHealthCheck
{
    /// <summary>It goes round twice a second.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(30);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["lastRound"] = watcher.LastRound.ToString("O", CultureInfo.InvariantCulture),
            ["polling"] = watcher.Polling,
        };
        return Task.FromResult(
            time.GetUtcNow() - watcher.LastRound > Late
                ? HealthCheckResult.Degraded("results are noticed late: the watcher cannot use the store", data: data)
                : HealthCheckResult.Healthy(data: data)
        );
    }
}
