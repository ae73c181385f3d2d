using Gateway.Images;
using Gateway.Ledger;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>
/// Deletes generations past their retention together with their images (the owner stays recorded), requests whose
/// outcome was never known, ended jobs and completed uploads past it, and upload forms that were never used. In small
/// transactions, so that the ledger's writer never waits long.
/// </summary>
internal sealed partial class ResultPruner(
    Database database,
    ImageStore images,
    WatcherOptions options,
    TimeProvider time,
    ILogger<ResultPruner> log
) : BackgroundService
{
    /// <summary>Rows of one transaction: few, because the images of old generations are read from the disk.</summary>
    public const int SliceSize = 25;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan KeepUnusedForms = TimeSpan.FromHours(1);
    private static readonly TimeSpan KeepJobs = TimeSpan.FromDays(1);

    /// <summary>Between two transactions, so that a long deletion takes a small part of the writer's time.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

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
        var now = await LedgerTime.ReadAsync(database, cancellationToken);
        await RepeatAsync(() => PruneUploadsAsync("completed_at is null and expires_at", now - KeepUnusedForms, cancellationToken));
        if (options.Retention is not { } retention)
            return;
        await RepeatAsync(() => PruneGenerationsAsync(now - retention, cancellationToken));
        await RepeatAsync(() => PruneWrittenOffAsync(now - retention, cancellationToken));
        await RepeatAsync(() => PruneUploadsAsync("completed_at", now - retention, cancellationToken));
        await RepeatAsync(() => PruneJobsAsync(now - (retention > KeepJobs ? retention : KeepJobs), cancellationToken));

        async Task RepeatAsync(Func<Task<int>> prune)
        {
            while (await prune() == SliceSize)
            {
                await database.CheckpointAsync(cancellationToken);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    /// <summary>No generation of theirs can be deleted: their owner has no id.</summary>
    private Task<int> PruneWrittenOffAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var writtenOff =
            "select s.reservation_id from reservation r join sent_request s on s.reservation_id = r.id "
            + $"where r.state = 'W' and r.ended_at < @then limit {SliceSize}";
        return database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        $"delete from sent_request where reservation_id {database.Dialect.AnyOf(writtenOff)}",
                        ("@then", before.Micros())
                    )
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );
    }

    private Task<int> PruneJobsAsync(DateTimeOffset endedBefore, CancellationToken cancellationToken)
    {
        var ended =
            "select j.id from job j join reservation r on r.id = j.reservation_id where j.created_at < @then "
            + $"and r.state in ('S', 'V', 'W') and r.ended_at < @then order by j.created_at limit {SliceSize}";
        return database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command($"delete from job where id {database.Dialect.AnyOf(ended)}", ("@then", endedBefore.Micros()))
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );
    }

    /// <param name="condition">Ends with the time that must be earlier.</param>
    private Task<int> PruneUploadsAsync(string condition, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var column = condition.Split(' ')[^1];
        var expired = $"select id from upload where {condition} < @then order by {column} limit {SliceSize} {database.Dialect.SkipLocked}";
        return database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command($"delete from upload where id {database.Dialect.AnyOf(expired)}", ("@then", before.Micros()))
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );
    }

    /// <returns>How many generations were deleted.</returns>
    private async Task<int> PruneGenerationsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var ended =
            $"select id from generation where ended_at < @then and deleted_at is null order by ended_at limit {SliceSize} {database.Dialect.SkipLocked}";
        var (generations, deletedImages) = await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var now = time.GetUtcNow().Micros();
                var generations = await connection
                    .Command(
                        $"update generation set deleted_at = @now, result = null where id {database.Dialect.AnyOf(ended)} returning id",
                        ("@now", now),
                        ("@then", before.Micros())
                    )
                    .ReadAsync(row => row.GetString(0), cancellationToken, transaction);
                if (generations.Count == 0)
                    return (0, new List<string>());
                await GenerationRepository.DeleteRequestsAsync(connection, transaction, generations, cancellationToken);
                var delete = connection.Command("", ("@now", now));
                var ids = delete.AddEach("id", generations);
#pragma warning disable CA2100 // names of parameters
                delete.CommandText =
                    $"update image set deleted_at = @now, url = null where deleted_at is null and generation_id in ({ids}) returning id";
#pragma warning restore CA2100
                return (generations.Count, await delete.ReadAsync(row => row.GetString(0), cancellationToken, transaction));
            },
            cancellationToken
        );
        foreach (var image in deletedImages)
            images.Remove(image);
        return generations;
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "Generations past their retention could not be deleted; it is tried again in ten minutes. Check the store"
        )]
        public static partial void NotPruned(ILogger log, Exception failure);
    }
}
