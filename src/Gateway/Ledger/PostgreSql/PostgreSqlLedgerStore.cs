using Gateway.Ledger.Rules;
using Gateway.Storage;
using Npgsql;
using Sql = Gateway.Ledger.PostgreSql.PostgreSqlLedgerStatements;

namespace Gateway.Ledger.PostgreSql;

/// <summary>The book on a server that any number of gateways share. The statements are on the page <see cref="PostgreSqlLedgerStatements"/>.</summary>
internal sealed class PostgreSqlLedgerStore(PostgreSqlDatabase database, QuotaOptions options, Guid instance) : LedgerStore
{
    public override async Task RunAsync(LedgerKeys keys, Action<LedgerUnitOfWork> decide, CancellationToken cancellationToken)
    {
        await database.EnsureOpenAsync(cancellationToken);
        await using var connection = await database.ConnectionAsync(cancellationToken);
        try
        {
            var state = await LoadAsync(connection, keys, cancellationToken);
            decide(state);
            if (state.IsChanged)
                await StoreAsync(connection, state);
            else
                await RollBackAsync(connection);
        }
        catch (Exception fault)
        {
            if (fault is PostgresException said)
                database.Learn(said);
            // Also where the connection is gone: then this fails too, and the server rolls back by itself.
            await RollBackAsync(connection);
            throw;
        }
    }

    public override async Task<bool> PruneAsync(PruneLimits limits, CancellationToken cancellationToken)
    {
        await database.EnsureOpenAsync(cancellationToken);
        await using var connection = await database.ConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.Add(Sql.Lock);
        batch.Add(Sql.FreeKeys, Micros(limits.KeysBefore));
        batch.Add(Sql.PruneInstances, Micros(limits.InstancesBefore));
        batch.Add(Sql.PruneEvents, limits.Month);
        var reservations = batch.Add(Sql.PruneReservations, limits.Month);
        batch.Add(Sql.PrunedTo, limits.Month);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return reservations.RecordsAffected > 0;
    }

    private async Task<LedgerUnitOfWork> LoadAsync(NpgsqlConnection connection, LedgerKeys keys, CancellationToken cancellationToken)
    {
        string[] tenants = [.. keys.Tenants];
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("begin");
        batch.Add(Sql.Limits);
        batch.Add(Sql.Lock);
        batch.Add(Sql.Ledger);
        batch.Add(Sql.SentInMinute);
        batch.Add(Sql.NextFree);
        batch.Add(Sql.ExpiredSlots);
        batch.Add(Sql.RunningWindows, (string[])[WindowRow.OrganizationKey, .. tenants]);
        if (keys.Sweep)
        {
            batch.Add(Sql.Orphans, Micros(options.OpenLimit));
            batch.Add(Sql.Stale, Micros(options.UnknownGrace));
        }
        if (keys.Unknown)
            batch.Add(Sql.Unknown);
        if (keys.Reservations.Count > 0)
            batch.Add(Sql.ReservationsById, keys.Reservations.ToArray());
        if (keys.IdempotencyKeys.Count > 0)
            batch.Add(
                Sql.ReservationsByKey,
                keys.IdempotencyKeys.Select(key => key.Tenant).ToArray(),
                keys.IdempotencyKeys.Select(key => key.Key).ToArray()
            );
        if (keys.Generations.Count > 0)
        {
            batch.Add(Sql.Generations, keys.Generations.ToArray());
            batch.Add(Sql.ReservationsByGeneration, keys.Generations.ToArray());
        }
        if (tenants.Length > 0)
            batch.Add(Sql.Tenants, tenants);

        LedgerUnitOfWork state;
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await reader.NextResultAsync(cancellationToken);
            await reader.NextResultAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            state = new LedgerUnitOfWork(
                new LedgerRow(reader.GetGuid(0), Time(reader.GetInt64(1)), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)),
                Time(reader.GetInt64(5))
            );
            await Rows(() => state.Sent = new Minute(reader.GetInt64(0), 0, Time(reader.GetInt64(1))));
            await Rows(() => state.NextFree = Time(reader.LongOrNull(0)));
            await Reservations(balances: false, state.ExpiredSlots);
            await Rows(() => state.Load(Window(reader)));
            if (keys.Sweep)
            {
                await Reservations(balances: true, state.Orphans);
                await Reservations(balances: true, state.Stale);
            }
            if (keys.Unknown)
                await Reservations(balances: false, state.Unknown);
            if (keys.Reservations.Count > 0)
                await Reservations(balances: true);
            if (keys.IdempotencyKeys.Count > 0)
                await Reservations(balances: false);
            if (keys.Generations.Count > 0)
            {
                await Rows(() =>
                    state.Load(new GenerationRow(reader.GetString(0), reader.GetString(1), reader.GetGuid(2), Time(reader.GetInt64(3))))
                );
                await Reservations(balances: false);
            }
            if (tenants.Length > 0)
                await Rows(() =>
                {
                    state.Load(new CounterRow(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
                    state.Load(reader.GetString(0), new Minute(reader.LongOrNull(3), reader.GetInt64(4), Time(reader.LongOrNull(5))));
                });

            async Task Rows(Action load)
            {
                await reader.NextResultAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                    load();
            }

            Task Reservations(bool balances, List<Guid>? ids = null) =>
                Rows(() =>
                {
                    var row = PostgreSqlReservations.Read(reader);
                    state.Load(row, balances);
                    ids?.Add(row.Id);
                });
        }
        state.LoadEmptyWindows(tenants);
        await LoadMissingAsync(connection, state, cancellationToken);
        return state;
    }

    /// <summary>What the loaded reservations count in besides the running windows of the named tenants: a third round trip, where there is any.</summary>
    private static async Task LoadMissingAsync(NpgsqlConnection connection, LedgerUnitOfWork state, CancellationToken cancellationToken)
    {
        var windows = state.MissingWindows();
        var counters = state.MissingCounters();
        if (windows.Count + counters.Count == 0)
            return;
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(Sql.Windows, windows.Select(key => key.Tenant).ToArray(), windows.Select(key => key.Period).ToArray());
        batch.Add(Sql.Counters, counters.ToArray());
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        foreach (var (tenant, period) in windows)
            state.Load(new WindowRow(tenant, period));
        while (await reader.ReadAsync(cancellationToken))
            state.Load(Window(reader));
        foreach (var tenant in counters)
            state.Load(new CounterRow(tenant));
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            state.Load(new CounterRow(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
    }

    /// <summary>Not cancelled: from here on it is for the store to say whether it happened.</summary>
    private async Task StoreAsync(NpgsqlConnection connection, LedgerUnitOfWork state)
    {
        await using var batch = new NpgsqlBatch(connection);
        var ledger = state.Ledger;
        batch.Add(Sql.SetLedger, Micros(ledger.HighWater), ledger.Events, ledger.Sent, ledger.Running);
        if (state.ChangedWindows.ToArray() is { Length: > 0 } windows)
            batch.Add(
                Sql.SetWindows,
                windows.Select(row => row.Tenant).ToArray(),
                windows.Select(row => row.Period).ToArray(),
                windows.Select(row => row.ImagesHeld).ToArray(),
                windows.Select(row => row.ImagesSpent).ToArray(),
                windows.Select(row => row.MicrosHeld).ToArray(),
                windows.Select(row => row.MicrosSpent).ToArray(),
                windows.Select(row => row.Generations).ToArray()
            );
        if (state.ChangedCounters.ToArray() is { Length: > 0 } counters)
            batch.Add(
                Sql.SetCounters,
                counters.Select(row => row.Tenant).ToArray(),
                counters.Select(row => row.Sequence).ToArray(),
                counters.Select(row => row.Active).ToArray()
            );
        // Before the new ones: an expired Idempotency-Key is given up here and taken there.
        if (state.Updated.ToArray() is { Length: > 0 } updated)
            batch.Add(
                Sql.UpdateReservations,
                [
                    .. PostgreSqlReservations.Changing(updated),
                    updated.Select(row => row.Id).ToArray(),
                    updated.Select(row => state.Loaded(row.Id).Version).ToArray(),
                ]
            );
        if (state.Inserted.ToArray() is { Length: > 0 } inserted)
            batch.Add(Sql.InsertReservations, [.. PostgreSqlReservations.Fixed(inserted), .. PostgreSqlReservations.Changing(inserted)]);
        if (state.Events is { Count: > 0 } events)
            batch.Add(
                Sql.InsertEvents,
                events.Select(row => row.Number).ToArray(),
                events.Select(row => row.ReservationId).ToArray(),
                events.Select(row => row.From is { } from ? Letter(from) : null).ToArray(),
                events.Select(row => Letter(row.To)).ToArray(),
                events.Select(row => Micros(row.At)).ToArray(),
                events.Select(row => row.Why).ToArray()
            );
        if (state.NewGenerations is { Count: > 0 } generations)
            batch.Add(
                Sql.InsertGenerations,
                generations.Select(row => row.Id).ToArray(),
                generations.Select(row => row.Tenant).ToArray(),
                generations.Select(row => row.ReservationId).ToArray(),
                generations.Select(row => Micros(row.CreatedAt)).ToArray(),
                generations.Select(row => row.Trace).ToArray()
            );
        if (state.LeaseUntil is { } lease)
            batch.Add(Sql.SetInstance, instance, Micros(state.Now), Micros(lease));
        batch.Add("commit");
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
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
            // The fault that led here is the one to tell.
        }
    }

    private static WindowRow Window(NpgsqlDataReader row) =>
        new(
            row.GetString(0),
            row.GetString(1),
            row.GetInt64(2),
            row.GetInt64(3),
            row.GetInt64(4),
            row.GetInt64(5),
            row.GetInt64(6),
            row.GetInt64(7),
            row.GetInt64(8)
        );

    private static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
