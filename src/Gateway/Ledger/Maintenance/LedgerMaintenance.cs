using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>Keeps the book in order: a heartbeat and a sweep every few seconds, an audit every minute, pruning every hour.</summary>
internal sealed class LedgerMaintenance(
    Database database,
    LedgerStore store,
    QuotaOptions options,
    Func<Task<int>> sweep,
    TimeProvider time,
    ILogger log
)
{
    private static readonly TimeSpan AuditInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan ForgetInstances = TimeSpan.FromDays(1);

    private long _audited;
    private long _pruned;

    /// <summary>Violations found by the audits since the start.</summary>
    public long Violations { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await AuditAsync(LedgerAudit.Scope.ThisMonth(time.GetUtcNow()), cancellationToken);
        (_audited, _pruned) = (time.GetTimestamp(), time.GetTimestamp());
        using var timer = new PeriodicTimer(options.Heartbeat, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await SweepAsync(cancellationToken);
            if (time.GetElapsedTime(_audited) >= AuditInterval)
            {
                _audited = time.GetTimestamp();
                await AuditAsync(LedgerAudit.Scope.Today(time.GetUtcNow()), cancellationToken);
            }
            if (time.GetElapsedTime(_pruned) >= PruneInterval)
            {
                _pruned = time.GetTimestamp();
                await PruneAsync(cancellationToken);
            }
        }
    }

    /// <summary>Again at once while there is more to clear up.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        // Once the writer has stopped, nobody answers what it had not come to.
        while (await sweep().WaitAsync(cancellationToken) >= LedgerStore.CleanupBatchSize) { }
    }

    private async Task AuditAsync(LedgerAudit.Scope scope, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var violation in await LedgerAudit.RunAsync(database, scope, options, cancellationToken))
            {
                Violations++;
                log.LogError("The ledger contradicts itself: {Violation}", violation);
            }
        }
        catch (Exception away) when (!cancellationToken.IsCancellationRequested)
        {
            log.LogWarning(away, "The ledger could not be audited");
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var limits = new PruneLimits(now - options.IdempotencyWindow, Period.MonthOf(now - options.Retention), now - ForgetInstances);
        try
        {
            while (await store.PruneAsync(limits, cancellationToken)) { }
        }
        catch (Exception away) when (!cancellationToken.IsCancellationRequested)
        {
            log.LogWarning(away, "The ledger could not be pruned");
        }
    }
}
