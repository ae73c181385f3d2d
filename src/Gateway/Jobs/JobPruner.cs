using Gateway.Ledger;
using Gateway.Results;
using Gateway.Storage;

namespace Gateway.Jobs;

/// <summary>Deletes ended jobs after as long as results are kept, at least a day.</summary>
internal sealed partial class JobPruner(Database database, WatcherOptions options, TimeProvider time, ILogger<JobPruner> log)
    : BackgroundService
{
    private const int SliceSize = 25;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Least = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await PruneAsync(cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Log.NotPruned(log, failure);
            }
        }
    }

    /// <summary>Deletes everything that is due.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        if (options.Retention is not { } retention)
            return;
        var before = time.GetUtcNow() - (retention > Least ? retention : Least);
        while (await PruneAsync(before, cancellationToken) == SliceSize) { }
    }

    private Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var ended =
            "select j.id from job j left join reservation r on r.id = j.reservation_id "
            + $"where j.created_at < @then and (r.id is null or (r.state in ('S', 'V', 'W') and coalesce(r.ended_at, 0) < @then)) order by j.created_at limit {SliceSize}";
        return database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command($"delete from job where id {database.Dialect.AnyOf(ended)}", ("@then", before.Micros()))
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Ended jobs could not be pruned; it is tried again in ten minutes")]
        public static partial void NotPruned(ILogger logger, Exception failure);
    }
}
