using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>A heartbeat with a sweep every few seconds, an audit every minute, pruning every hour.</summary>
internal sealed partial class LedgerMaintenance(
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

    /// <summary>Repeats at once while there is more to clean up.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A writer that has stopped does not complete what it had not begun.
            while (await sweep().WaitAsync(cancellationToken) >= LedgerStore.CleanupBatchSize) { }
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotSwept(log, fault);
        }
    }

    private async Task AuditAsync(LedgerAudit.Scope scope, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var violation in await LedgerAudit.RunAsync(database, scope, options, cancellationToken))
            {
                Violations++;
                LogViolation(log, violation);
            }
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotAudited(log, fault);
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
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotPruned(log, fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The ledger contradicts itself: {Violation}")]
    private static partial void LogViolation(ILogger log, string violation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger could not be swept; the next heartbeat tries again")]
    private static partial void LogNotSwept(ILogger log, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger could not be audited; it is tried again in a minute")]
    private static partial void LogNotAudited(ILogger log, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger could not be pruned; it is tried again in an hour")]
    private static partial void LogNotPruned(ILogger log, Exception fault);
}
