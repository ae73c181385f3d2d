using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Models;
using Gateway.Quotas;
using Gateway.Storage;
using Gateway.Tenants;
using Prometheus;

namespace Gateway.Telemetry;

/// <summary>
/// Reads the gauges of <c>/metrics</c>; <see cref="MetricsText"/> limits how often.
/// </summary>
internal sealed partial class GaugeCollector(
    GatewayMetrics metrics,
    QuotaLedger ledger,
    QuotaOptions options,
    TenantBounds bounds,
    Database database,
    PriceRatioRepository ratios,
    TenantDirectory tenants,
    UpstreamStatus upstream,
    AccountBalance balance,
    TimeProvider time,
    ILogger<GaugeCollector> log
)
{
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        metrics.SlotsLimit.Set(options.ConcurrentGenerations);
        metrics.QueueWaiting.Set(ledger.Waiting);
        metrics.OutcomesDelayed.Set(ledger.Delayed);
        metrics.LedgerAlarms.IncTo(ledger.Alarms);
        metrics.KeyRefused.Set(upstream.IsKeyRefused ? 1 : 0);
        metrics.TenantsFileGood.Set(tenants.FileError is null ? 1 : 0);
        metrics.Tenants.Set(tenants.Current.Tenants.Count);
        metrics.TenantsSuspended.Set(tenants.Current.Tenants.Keys.Count(tenants.IsSuspended));
        foreach (var tenant in tenants.Current.Tenants.Keys)
            metrics.Declare(tenant);
        foreach (var model in ModelCatalogue.All)
        {
            metrics.PriceDeviations.WithLabels(model.Name).Publish();
            metrics.PricesImplausible.WithLabels(model.Name).Publish();
        }
        balance.RefreshInBackground();
        if (balance.Known is { } known)
            metrics.Balance.Set((double)known.Amount);

        // The other metrics are served while the store is unavailable.
        try
        {
            SetQuotas(await ledger.QuotasAsync([.. tenants.Current.Tenants.Values], cancellationToken));
            SetQueues(await ledger.QueuesAsync([.. tenants.Current.Tenants.Keys], cancellationToken));
            SetBacklog(await LedgerBacklog.ReadAsync(database, cancellationToken));
            SetPriceRatios(await ratios.ReadAsync(cancellationToken));
            metrics.StoreUp.Set(1);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.BacklogUnavailable(log, failure);
            metrics.StoreUp.Set(0);
        }
    }

    private void SetQuotas(Dictionary<string, IReadOnlyList<QuotaStatus>> quotas)
    {
        foreach (var (tenant, all) in quotas)
        {
            // A tenant that has left the file meanwhile has no bounds.
            var own = tenants.Current.Tenants.TryGetValue(tenant, out var known) ? all.Concat(bounds.GetStatuses(known)) : all;
            foreach (var quota in own)
            {
                var owner = quota.IsOrganization ? GatewayMetrics.Organization : tenant;
                Set(metrics.QuotaUsed, quota, quota.Used, owner);
                Set(metrics.QuotaHeld, quota, quota.Held, owner);
                Set(metrics.QuotaLimit, quota, quota.Limit, owner);
            }
        }
        RemoveOthers(quotas.Keys, metrics.QuotaUsed, metrics.QuotaHeld, metrics.QuotaLimit);
    }

    private void SetQueues(List<(string Tenant, QueueStatus Queue)> queues)
    {
        foreach (var (tenant, queue) in queues)
        {
            metrics.TenantQueueWaiting.WithLabels(tenant).Set(queue.Waiting);
            metrics.TenantQueuePosition.WithLabels(tenant).Set(queue.Waiting == 0 ? 0 : queue.Position);
        }
        RemoveOthers(queues.Select(one => one.Tenant), metrics.TenantQueueWaiting, metrics.TenantQueuePosition);
    }

    /// <summary>The gauges of a tenant that was removed from the file are removed; its counters stay.</summary>
    private static void RemoveOthers(IEnumerable<string> tenants, params ReadOnlySpan<Gauge> gauges)
    {
        var known = tenants.Append(GatewayMetrics.Organization).ToHashSet(StringComparer.Ordinal);
        foreach (var gauge in gauges)
        {
            foreach (var labels in gauge.GetAllLabelValues().Where(labels => !known.Contains(labels[0])))
                gauge.RemoveLabelled(labels);
        }
    }

    private static void Set(Gauge gauge, QuotaStatus quota, long? value, string tenant)
    {
        if (value is { } amount)
            gauge.WithLabels(tenant, quota.Name).Set(quota.Unit == QuotaStatus.Micros ? amount / 1e6 : amount);
        else
            gauge.RemoveLabelled(tenant, quota.Name);
    }

    private void SetBacklog(LedgerBacklog backlog)
    {
        metrics.OpenReservations.WithLabels("reserved").Set(backlog.Reserved);
        metrics.OpenReservations.WithLabels("forwarding").Set(backlog.Forwarding);
        metrics.OpenReservations.WithLabels("unknown").Set(backlog.Unknown);
        metrics.UnknownAge.Set(Seconds(backlog.OldestUnknown));
        metrics.WatcherLag.Set(Seconds(backlog.OldestDue));
        metrics.SlotsUsed.Set(backlog.Running);
        metrics.GenerationsStuck.Set(backlog.Stuck);
    }

    private void SetPriceRatios(IReadOnlyDictionary<string, PriceRatioRow> raised)
    {
        foreach (var model in ModelCatalogue.All)
            metrics.PriceRatio.WithLabels(model.Name).Set(raised.TryGetValue(model.Name, out var row) ? (double)row.Ratio.Rounded : 1);
    }

    private double Seconds(DateTimeOffset? since) => since is { } at ? Math.Max(0, (time.GetUtcNow() - at).TotalSeconds) : 0;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The open reservations could not be counted: this scrape has no figures for them")]
        public static partial void BacklogUnavailable(ILogger logger, Exception failure);
    }
}
