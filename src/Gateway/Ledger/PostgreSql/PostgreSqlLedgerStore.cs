using Gateway.Ledger.Rules;
using Gateway.Storage;
using Npgsql;
using Sql = Gateway.Ledger.PostgreSql.PostgreSqlLedgerStatements;

namespace Gateway.Ledger.PostgreSql;

/// <summary>The ledger on a server that any number of gateways share.</summary>
internal sealed class PostgreSqlLedgerStore(PostgreSqlDatabase database, QuotaOptions options, Guid instance) : LedgerStore
{
    /// <summary>Well below the half second for which others wait for a sign of life.</summary>
    private static readonly TimeSpan SignInterval = TimeSpan.FromMilliseconds(100);

    private DateTimeOffset _lastSign;

    public override Task RunAsync(LedgerKeys keys, Action<LedgerUnitOfWork> decide, CancellationToken cancellationToken) =>
        database.GuardAsync(async () =>
        {
            await database.EnsureOpenAsync(cancellationToken);
            await using var connection = await database.ConnectionAsync(cancellationToken);
            try
            {
                var state = await PostgreSqlLedgerReader.LoadAsync(connection, keys, options, instance, cancellationToken);
                decide(state);
                var isChanged = state.IsChanged || keys.Delivered.Count > 0;
                if (isChanged)
                    await StoreAsync(connection, state);
                else
                    await RollBackAsync(connection);
                return isChanged;
            }
            catch (Exception fault)
            {
                if (fault is PostgresException answered)
                    database.OnFault(answered);
                // If the connection is broken, this fails too, and the server rolls back by itself.
                await RollBackAsync(connection);
                throw;
            }
        });

    public override async Task<FreedKeys> FreeKeysAsync(Guid after, Guid before, DateTimeOffset expiry, CancellationToken cancellationToken)
    {
        Guid? last = null;
        await PruneAsync(
            async batch =>
            {
                batch.Add(Sql.LastKey, after, before);
                batch.Add(Sql.FreeKeys, after, before, UnixMicroseconds.From(expiry));
                await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
                // After those of the limits and of the lock.
                await reader.NextResultAsync(cancellationToken);
                await reader.NextResultAsync(cancellationToken);
                last = await reader.ReadAsync(cancellationToken) ? reader.GetGuid(0) : null;
                return true;
            },
            cancellationToken
        );
        return new FreedKeys(last, IsChanged: true);
    }

    public override Task<bool> PruneReservationsAsync(string month, Guid before, CancellationToken cancellationToken) =>
        PruneAsync(
            async batch =>
            {
                batch.Add(Sql.PruneEvents, before, month);
                batch.Add(Sql.PruneRequests, before, month);
                batch.Add(Sql.PruneJobs, before, month);
                var reservations = batch.Add(Sql.PruneReservations, before, month);
                batch.Add(Sql.PrunedTo, month);
                await batch.ExecuteNonQueryAsync(cancellationToken);
                return reservations.RecordsAffected > 0;
            },
            cancellationToken
        );

    public override Task<bool> PruneNeverSentAsync(CancellationToken cancellationToken) =>
        PruneAsync(
            async batch =>
            {
                batch.Add(Sql.CountNeverSent);
                batch.Add(Sql.PruneEventsNeverSent);
                var reservations = batch.Add(Sql.PruneNeverSent);
                await batch.ExecuteNonQueryAsync(cancellationToken);
                return reservations.RecordsAffected > 0;
            },
            cancellationToken
        );

    public override Task PruneInstancesAsync(DateTimeOffset endedBefore, CancellationToken cancellationToken) =>
        PruneAsync(
            async batch =>
            {
                batch.Add(Sql.PruneInstances, UnixMicroseconds.From(endedBefore));
                await batch.ExecuteNonQueryAsync(cancellationToken);
                return true;
            },
            cancellationToken
        );

    /// <param name="prune">Under the ledger's lock; committed if it returns true.</param>
    private Task<bool> PruneAsync(Func<NpgsqlBatch, Task<bool>> prune, CancellationToken cancellationToken) =>
        database.GuardAsync(async () =>
        {
            await database.EnsureOpenAsync(cancellationToken);
            await using var connection = await database.ConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection, transaction);
            batch.Add(Sql.Limits);
            batch.Add(Sql.Lock);
            var isChanged = await prune(batch);
            if (isChanged)
                await transaction.CommitAsync(cancellationToken);
            return isChanged;
        });

    /// <summary>Not cancelled: once it has begun, only the store can say whether it was committed.</summary>
    private async Task StoreAsync(NpgsqlConnection connection, LedgerUnitOfWork state)
    {
        await using var batch = new NpgsqlBatch(connection);
        AddEnds(batch, state);
        PostgreSqlBalances.AddTo(batch, state);
        // Before the inserts: an update may free the Idempotency-Key that an insert takes.
        if (state.Updated.ToArray() is { Length: > 0 } updated)
            batch.Add(
                Sql.UpdateReservations,
                [
                    .. PostgreSqlReservations.Updated(updated),
                    updated.Select(row => row.Id).ToArray(),
                    updated.Select(row => state.Loaded(row.Id).Version).ToArray(),
                ]
            );
        if (state.Inserted.ToArray() is { Length: > 0 } inserted)
            batch.Add(Sql.InsertReservations, [.. PostgreSqlReservations.Inserted(inserted)]);
        if (state.Events is { Count: > 0 } events)
            batch.Add(
                Sql.InsertEvents,
                events.Select(row => row.Number).ToArray(),
                events.Select(row => row.ReservationId).ToArray(),
                events.Select(row => row.From is { } from ? ToLetter(from) : null).ToArray(),
                events.Select(row => ToLetter(row.To)).ToArray(),
                events.Select(row => UnixMicroseconds.From(row.At)).ToArray(),
                events.Select(row => row.Why).ToArray()
            );
        if (state.NewGenerations is { Count: > 0 } generations)
            batch.Add(
                Sql.InsertGenerations,
                generations.Select(row => row.Id).ToArray(),
                generations.Select(row => row.Tenant).ToArray(),
                generations.Select(row => row.ReservationId).ToArray(),
                generations.Select(row => UnixMicroseconds.From(row.CreatedAt)).ToArray(),
                generations.Select(row => row.Trace).ToArray(),
                generations.Select(row => row.User).ToArray()
            );
        AddRequests(batch, state);
        AddJobs(batch, state);
        var sign = AddSignOfLife(batch, state);
        batch.Add("commit");
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        while (state.Ends.Count > 0 && await reader.ReadAsync(CancellationToken.None))
            state.Ends.First(end => end.Id == reader.GetString(0)).IsFirst = true;
        // A fault of a later statement is thrown where its result is read.
        while (await reader.NextResultAsync(CancellationToken.None)) { }
        _lastSign = sign;
    }

    /// <summary>First, because its result is read.</summary>
    private static void AddEnds(NpgsqlBatch batch, LedgerUnitOfWork state)
    {
        if (state.Ends.Count == 0)
            return;
        var images = state
            .Ends.SelectMany(end => end.Images.Select((image, n) => (image.Id, Generation: end.Id, N: n, image.Url)))
            .ToArray();
        state.Ends.ForEach(end => end.IsFirst = false);
        batch.Add(
            Sql.EndGenerations,
            state.Ends.Select(end => end.Id).ToArray(),
            state.Ends.Select(end => end.Status).ToArray(),
            state.Ends.Select(end => end.Result).ToArray(),
            state.Ends.Select(end => end.IsDeleted).ToArray(),
            UnixMicroseconds.From(state.Now),
            images.Select(image => image.Id).ToArray(),
            images.Select(image => image.Generation).ToArray(),
            images.Select(image => image.N).ToArray(),
            images.Select(image => image.Url).ToArray()
        );
    }

    private static void AddRequests(NpgsqlBatch batch, LedgerUnitOfWork state)
    {
        if (state.Requests.New.ToArray() is { Length: > 0 } requests)
            batch.Add(
                Sql.InsertRequests,
                requests.Select(row => row.ReservationId).ToArray(),
                requests.Select(row => row.Body.ToArray()).ToArray()
            );
        if (state.Requests.Voided.ToArray() is { Length: > 0 } voided)
            batch.Add(Sql.DeleteRequests, voided);
    }

    private static void AddJobs(NpgsqlBatch batch, LedgerUnitOfWork state)
    {
        if (state.Jobs.New is { Count: > 0 } jobs)
            batch.Add(
                Sql.InsertJobs,
                jobs.Select(job => job.Id).ToArray(),
                jobs.Select(job => job.Tenant).ToArray(),
                jobs.Select(job => job.ReservationId).ToArray(),
                jobs.Select(job => UnixMicroseconds.From(job.CreatedAt)).ToArray()
            );
        if (state.Jobs.Retried is not { Count: > 0 } retried)
            return;
        var (ids, reservations) = (retried.Select(job => job.Id).ToArray(), retried.Select(job => job.ReservationId).ToArray());
        batch.Add(Sql.CopyOrigins, ids, reservations);
        batch.Add(Sql.UpdateJobs, ids, reservations);
    }

    /// <returns>Until when everything that this replica knew about its callers is stored, after the commit.</returns>
    private DateTimeOffset AddSignOfLife(NpgsqlBatch batch, LedgerUnitOfWork state)
    {
        var seen = state.SeenAt ?? _lastSign;
        if (state.LeaseUntil is { } lease)
            batch.Add(Sql.SetInstance, instance, UnixMicroseconds.From(seen), UnixMicroseconds.From(lease));
        else if (seen - _lastSign >= SignInterval)
            batch.Add(Sql.SeeInstance, instance, UnixMicroseconds.From(seen));
        else
            return _lastSign;
        return seen;
    }

    private static async Task RollBackAsync(NpgsqlConnection connection)
    {
        if (connection.State != System.Data.ConnectionState.Open)
            return;
        try
        {
            await using var rollback = new NpgsqlCommand("rollback", connection);
            await rollback.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception gone) when (gone is NpgsqlException or InvalidOperationException)
        {
            // The fault that led here is the one to report.
        }
    }
}
