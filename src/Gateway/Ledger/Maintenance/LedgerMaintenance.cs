using Gateway.Edge;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// A heartbeat every few seconds, with a sweep and a slice of the past to audit; every minute an audit of what changed,
/// a check of the whole store every day. Beside it the pruning of what was never sent every minute, and all pruning
/// every hour.
/// </summary>
/// <remarks>The ledger's writer waits for none of it longer than for one of its own batches (docs/ledger.md).</remarks>
internal sealed partial class LedgerMaintenance(
    Database database,
    LedgerStore store,
    QuotaOptions options,
    Guid instance,
    Func<Task<int>> sweep,
    TimeProvider time,
    ILogger log
)
{
    private static readonly TimeSpan AuditInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PruneNeverSentInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan VerifyInterval = TimeSpan.FromDays(1);

    private readonly LedgerAudit _audit = new(database, options, time);
    private readonly LedgerPruning _pruning = new(database, store, options, time);
    private PastAudit? _past;

    /// <summary>Gateways whose lease is not over, this one included.</summary>
    public int Replicas { get; private set; } = 1;

    /// <summary>Violations found by the audits since the start.</summary>
    public long Violations { get; private set; }

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(KeepBeatingAsync(cancellationToken), KeepPruningAsync(cancellationToken));

    private async Task KeepBeatingAsync(CancellationToken cancellationToken)
    {
        _past = new PastAudit(database, _audit, instance, options, time);
        await CountReplicasAsync(cancellationToken);
        await ReportAsync(_audit.CheckRecentAsync, cancellationToken);
        var (audited, verified) = (time.GetTimestamp(), time.GetTimestamp());
        using var timer = new PeriodicTimer(options.Heartbeat, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await SweepAsync(cancellationToken);
            await CountReplicasAsync(cancellationToken);
            await ReportAsync(_past.CheckSliceAsync, cancellationToken);
            if (IsDue(ref audited, AuditInterval))
                await ReportAsync(_audit.CheckRecentAsync, cancellationToken);
            if (IsDue(ref verified, VerifyInterval))
                _ = database.VerifyAsync();
        }
    }

    /// <summary>It may take minutes; the heartbeat, which renews the lease, does not wait for it.</summary>
    private async Task KeepPruningAsync(CancellationToken cancellationToken)
    {
        var (prunedNeverSent, pruned) = (time.GetTimestamp(), time.GetTimestamp());
        using var timer = new PeriodicTimer(options.Heartbeat, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (IsDue(ref prunedNeverSent, PruneNeverSentInterval))
                await PruneAsync(_pruning.PruneNeverSentAsync, cancellationToken);
            if (IsDue(ref pruned, PruneInterval))
                await PruneAsync(_pruning.RunAsync, cancellationToken);
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

    private async Task CountReplicasAsync(CancellationToken cancellationToken)
    {
        if (!database.Dialect.IsShared)
            return;
        try
        {
            var live = await database.ReadAsync(
                (connection, cancellationToken) =>
                    connection
                        .Command($"select count(*) from instance where lease_until > {database.Dialect.Now}")
                        .ReadAsync(row => row.GetNumber(0), cancellationToken),
                cancellationToken
            );
            Replicas = Math.Max(1, (int)live.Single());
        }
        catch (StoreUnavailableException) when (!cancellationToken.IsCancellationRequested)
        {
            // The last known number stays, and the sweep has logged the outage.
        }
    }

    private bool IsDue(ref long last, TimeSpan interval)
    {
        if (time.GetElapsedTime(last) < interval)
            return false;
        last = time.GetTimestamp();
        return true;
    }

    private async Task ReportAsync(Func<CancellationToken, Task<IReadOnlyList<string>>> audit, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var violation in await audit(cancellationToken))
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

    private async Task PruneAsync(Func<CancellationToken, Task> prune, CancellationToken cancellationToken)
    {
        try
        {
            await prune(cancellationToken);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger could not be pruned; it is tried again within an hour")]
    private static partial void LogNotPruned(ILogger log, Exception fault);
}
