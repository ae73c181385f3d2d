using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Results;

/// <summary>
/// Reports in readiness whether the watcher runs. It never fails readiness: results that were paid for are found later.
/// </summary>
internal sealed class WatcherHealth(Watcher watcher, TimeProvider time) : IHealthCheck
{
    /// <summary>The watcher runs twice a second.</summary>
    private static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(30);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["lastRound"] = watcher.LastRound.ToString("O", CultureInfo.InvariantCulture),
            ["polling"] = watcher.Polling,
        };
        return Task.FromResult(
            time.GetUtcNow() - watcher.LastRound > LateAfter
                ? HealthCheckResult.Degraded("results are noticed late: the watcher cannot use the store", data: data)
                : HealthCheckResult.Healthy(data: data)
        );
    }
}
