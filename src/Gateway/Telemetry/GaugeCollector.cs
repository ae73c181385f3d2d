using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Key;
using Gateway.Storage;
using Gateway.Tenants;
using Prometheus;

namespace Gateway.Telemetry;

/// <summary>The gauges of <c>/metrics</c>, read when they are asked for, at most once a second: whoever may read them must not be able to load the store.</summary>
internal sealed class GaugeCollector(
    GatewayMetrics metrics,
    QuotaLedger ledger,
    QuotaOptions options,
    Database database,
    TenantDirectory tenants,
    UpstreamStatus upstream,
    AccountBalance balance,
    TimeProvider time,
    ILogger<GaugeCollector> log
) : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private long? _readAt;

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_readAt is { } at && time.GetElapsedTime(at) < Age)
                return;
            await ReadAsync(cancellationToken);
            _readAt = time.GetTimestamp();
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        metrics.SlotsLimit.Set(options.ConcurrentGenerations);
        metrics.QueueWaiting.Set(ledger.Waiting);
        metrics.OutcomesDelayed.Set(ledger.Delayed);
        metrics.LedgerAlarms.IncTo(ledger.Alarms);
        metrics.KeyRefused.Set(upstream.IsKeyRefused ? 1 : 0);
        metrics.TenantsFileGood.Set(tenants.FileError is null ? 1 : 0);
        metrics.Tenants.Set(tenants.Current.Tenants.Count);
        metrics.TenantsSuspended.Set(tenants.Current.Tenants.Keys.Count(tenants.IsSuspended));
        // From nought on: what is there only from its first event has no rate at that event.
        foreach (var tenant in tenants.Current.Tenants.Keys)
            metrics.Declare(tenant);
        balance.RefreshInBackground();
        if (balance.Known is { } known)
            metrics.Balance.Set((double)known.Amount);

        // With the store away there is still something to tell: that it is away.
        var quotas = await ledger.QuotasAsync([.. tenants.Current.Tenants.Values], cancellationToken);
        metrics.StoreUp.Set(quotas is null ? 0 : 1);
        if (quotas is null)
            return;
        Tell(quotas);
        try
        {
            Tell(await LedgerBacklog.ReadAsync(database, cancellationToken));
        }
        catch (Exception away) when (away is not OperationCanceledException)
        {
            log.LogDebug(away, "The open reservations could not be counted");
            metrics.StoreUp.Set(0);
        }
    }

    private void Tell(Dictionary<string, IReadOnlyList<QuotaStatus>> quotas)
    {
        foreach (var (tenant, all) in quotas)
        {
            foreach (var quota in all)
            {
                var whose = quota.IsOrganization ? GatewayMetrics.Organization : tenant;
                Set(metrics.QuotaUsed, quota, quota.Used, whose);
                Set(metrics.QuotaHeld, quota, quota.Held, whose);
                Set(metrics.QuotaLimit, quota, quota.Limit, whose);
            }
        }
        // A tenant that is gone from the file is gone from here; its counters stay.
        foreach (var gauge in (ReadOnlySpan<Gauge>)[metrics.QuotaUsed, metrics.QuotaHeld, metrics.QuotaLimit])
        {
            foreach (var labels in gauge.GetAllLabelValues())
            {
                if (labels[0] != GatewayMetrics.Organization && !quotas.ContainsKey(labels[0]))
                    gauge.RemoveLabelled(labels);
            }
        }
    }

    private static void Set(Gauge gauge, QuotaStatus quota, long? value, string tenant)
    {
        if (value is { } amount)
            gauge.WithLabels(tenant, quota.Name).Set(quota.Unit == QuotaStatus.Micros ? amount / 1e6 : amount);
        else
            gauge.RemoveLabelled(tenant, quota.Name);
    }

    private void Tell(LedgerBacklog open)
    {
        metrics.OpenReservations.WithLabels("reserved").Set(open.Reserved);
        metrics.OpenReservations.WithLabels("forwarding").Set(open.Forwarding);
        metrics.OpenReservations.WithLabels("unknown").Set(open.Unknown);
        metrics.UnknownAge.Set(Seconds(open.OldestUnknown));
        metrics.WatcherLag.Set(Seconds(open.OldestDue));
        metrics.SlotsUsed.Set(open.Running);
        metrics.GenerationsStuck.Set(open.Stuck);
    }

    private double Seconds(DateTimeOffset? since) => since is { } at ? Math.Max(0, (time.GetUtcNow() - at).TotalSeconds) : 0;
}
