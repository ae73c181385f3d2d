using System.Globalization;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Telemetry;

/// <summary>
/// Raises an alert once per period when a threshold of a quota is reached (by default 50, 80 and 95 %): in the log, as
/// a metric, and to the webhook if one is set.
/// </summary>
/// <remarks>
/// An alert is recorded in the store before it is raised: a crash in between loses it, but never repeats it.
/// </remarks>
internal sealed partial class QuotaAlerts(
    QuotaLedger ledger,
    TenantDirectory tenants,
    Database database,
    GatewayMetrics metrics,
    AlertOptions options,
    AlertWebhook webhook,
    TimeProvider time,
    ILogger<QuotaAlerts> log
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly HashSet<QuotaAlert> _raised = [];

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await CheckAsync(cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Log.CheckFailed(log, failure);
            }
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var quotas = await ledger.QuotasAsync([.. tenants.Current.Tenants.Values], cancellationToken);
        var reached = quotas.SelectMany(one => one.Value.SelectMany(quota => Reached(one.Key, quota))).ToHashSet();
        // Alerts of past periods are dropped from memory; the store keeps them.
        _raised.IntersectWith(reached);
        foreach (var alert in reached.Where(alert => !_raised.Contains(alert)))
        {
            var isFirst = await RecordAsync(alert, cancellationToken);
            _raised.Add(alert);
            if (isFirst)
                Raise(alert);
        }
    }

    private IEnumerable<QuotaAlert> Reached(string tenant, QuotaStatus quota)
    {
        // A sliding minute has no period in which an alert could be raised once.
        if (quota is not { Limit: > 0, ResetsAt: { } resetsAt, Unit: QuotaStatus.Images or QuotaStatus.Micros })
            return [];
        var owner = quota.IsOrganization ? GatewayMetrics.Organization : tenant;
        return options
            .Thresholds.Where(percent => (quota.Used + quota.Held) * 100m >= (decimal)quota.Limit.Value * percent)
            .Select(percent => new QuotaAlert(owner, quota.Name, Format(resetsAt), percent));
    }

    /// <returns>Whether no replica has raised it yet.</returns>
    private Task<bool> RecordAsync(QuotaAlert alert, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var insert = connection.Command(
                    "insert into quota_alert (tenant, quota, period, percent, at) values (@tenant, @quota, @period, @percent, @at) on conflict do nothing",
                    ("@tenant", alert.Tenant),
                    ("@quota", alert.Quota),
                    ("@period", alert.PeriodEnds),
                    ("@percent", (short)alert.Percent),
                    ("@at", time.GetUtcNow().Micros())
                );
                return await insert.ExecuteAsync(transaction, cancellationToken) == 1;
            },
            cancellationToken
        );

    private void Raise(QuotaAlert alert)
    {
        Log.QuotaAlert(log, alert.Tenant, alert.Percent, alert.Quota, alert.PeriodEnds);
        metrics.QuotaAlerts.WithLabels(alert.Tenant, alert.Quota, alert.Percent.ToString(CultureInfo.InvariantCulture)).Inc();
        webhook.Send(alert);
    }

    private static string Format(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The quotas could not be checked for alerts; the next check is in 5 s")]
        public static partial void CheckFailed(ILogger logger, Exception failure);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "Quota alert: {AlertTenant} has used {Percent} % of {Quota}, which resets at {PeriodEnds}"
        )]
        public static partial void QuotaAlert(ILogger logger, string alertTenant, int percent, string quota, string periodEnds);
    }
}
