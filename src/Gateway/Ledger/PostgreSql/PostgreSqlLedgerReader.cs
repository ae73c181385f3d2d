using Gateway.Ledger.Rules;
using Gateway.Storage;
using Npgsql;
using Sql = Gateway.Ledger.PostgreSql.PostgreSqlLedgerStatements;

namespace Gateway.Ledger.PostgreSql;

/// <summary>Takes the ledger's lock and loads what a batch reads, in one round trip or two.</summary>
internal static class PostgreSqlLedgerReader
{
    /// <summary>After the columns of a reservation.</summary>
    private static readonly int RepeatColumn = LedgerStore.AllColumns.Split(',').Length;

    public static async Task<LedgerUnitOfWork> LoadAsync(
        NpgsqlConnection connection,
        LedgerKeys keys,
        QuotaOptions options,
        Guid instance,
        CancellationToken cancellationToken
    )
    {
        string[] tenants = [.. keys.Tenants];
        string[] charged = [.. keys.Charged.Except(keys.Tenants, StringComparer.Ordinal)];
        await using var batch = new NpgsqlBatch(connection);
        AddStatements(batch, keys, tenants, charged, options, instance);
        LedgerUnitOfWork state;
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
            state = await ReadAsync(reader, keys, charged.Length > 0, instance, cancellationToken);
        state.LoadEmptyWindows(tenants.Concat(charged));
        await PostgreSqlBalances.LoadMissingAsync(connection, state, keys.MayRetry, cancellationToken);
        return state;
    }

    /// <summary>In the order in which <see cref="ReadAsync"/> reads their results.</summary>
    private static void AddStatements(
        NpgsqlBatch batch,
        LedgerKeys keys,
        string[] tenants,
        string[] charged,
        QuotaOptions options,
        Guid instance
    )
    {
        batch.Add("begin");
        batch.Add(Sql.Limits);
        batch.Add(Sql.Lock);
        AddDelivered(batch, keys.Delivered, instance);
        batch.Add(Sql.Ledger);
        if (keys.Account)
        {
            batch.Add(Sql.SentInMinute);
            batch.Add(Sql.NextFree);
            batch.Add(Sql.ExpiredSlots);
        }
        batch.Add(Sql.RunningWindows, (string[])[WindowRow.OrganizationKey, .. tenants, .. charged]);
        if (keys.Queue || keys.Slots > 0)
        {
            var (slots, minute) = LedgerStore.Plenty(keys, options);
            batch.Add(Sql.Competition, slots, minute, instance, LedgerStore.Lately(options).Micros(), (long)keys.Slots);
        }
        AddSearches(batch, keys, options);
        if (keys.Reservations.Count > 0)
            batch.Add(Sql.ReservationsById, keys.Reservations.ToArray());
        if (keys.IdempotencyKeys.Count > 0)
            batch.Add(
                Sql.ReservationsByKey,
                keys.IdempotencyKeys.Select(key => key.Tenant).ToArray(),
                keys.IdempotencyKeys.Select(key => key.Key).ToArray()
            );
        if (keys.Answers.Count > 0)
            batch.Add(Sql.ReservationsById, keys.Answers.ToArray());
        if (keys.JobAnswers.Count > 0)
            batch.Add(Sql.LiveOfJobs, keys.JobAnswers.ToArray());
        if (keys.Repeats.Count > 0)
        {
            batch.Add(
                Sql.Owed,
                keys.Repeats.Select(repeat => repeat.Tenant).ToArray(),
                keys.Repeats.Select(repeat => repeat.BodyHash.ToArray()).ToArray()
            );
            batch.Add(Sql.Instances);
        }
        if (keys.Generations.Count > 0)
        {
            batch.Add(Sql.Generations, keys.Generations.ToArray());
            batch.Add(Sql.ReservationsByGeneration, keys.Generations.ToArray());
        }
        if (keys.Models.Count > 0)
            batch.Add(Sql.PriceRatios, keys.Models.ToArray());
        if (charged.Length > 0)
            batch.Add(Sql.Counters, charged);
        if (tenants.Length > 0)
            batch.Add(Sql.Tenants, tenants);
    }

    /// <summary>They return no rows, so that the reader does not see them.</summary>
    private static void AddDelivered(NpgsqlBatch batch, IReadOnlyCollection<AnswerClaim> delivered, Guid instance)
    {
        foreach (var answers in delivered.GroupBy(answer => answer.JobId is null))
            batch.Add(
                answers.Key ? Sql.Deliver : Sql.DeliverJobs,
                answers.Select(answer => answer.JobId ?? answer.ReservationId).ToArray(),
                instance,
                answers.Select(answer => UnixMicroseconds.From(answer.Since)).ToArray()
            );
    }

    private static void AddSearches(NpgsqlBatch batch, LedgerKeys keys, QuotaOptions options)
    {
        if (keys.Sweep)
        {
            batch.Add(Sql.Orphans, options.OpenLimit.Micros());
            batch.Add(Sql.Stale, options.UnknownGrace.Micros());
            batch.Add(Sql.TooOld, options.JobMaxAge.Micros());
        }
        if (keys.Unknown)
            batch.Add(Sql.Unknown);
        if (keys.Jobs)
            batch.Add(Sql.JobHeads);
    }

    private static async Task<LedgerUnitOfWork> ReadAsync(
        NpgsqlDataReader reader,
        LedgerKeys keys,
        bool isCharged,
        Guid instance,
        CancellationToken cancellationToken
    )
    {
        var state = await BeginAsync(reader, cancellationToken);
        if (keys.Account)
            await ReadAccountAsync(reader, state, cancellationToken);
        await RowsAsync(() => state.Load(PostgreSqlBalances.Window(reader)));
        if (keys.Queue || keys.Slots > 0)
            await RowsAsync(() => ReadCompetition(reader, state, instance));
        if (keys.Sweep)
        {
            await ReservationsAsync(balances: true, state.Orphans);
            await ReservationsAsync(balances: true, state.Stale);
            await ReservationsAsync(balances: true, state.Jobs.TooOld);
        }
        if (keys.Unknown)
            await ReservationsAsync(balances: false, state.Unknown);
        if (keys.Jobs)
            await ReservationsAsync(balances: true, state.Jobs.Heads);
        if (keys.Reservations.Count > 0)
            await ReservationsAsync(balances: true);
        if (keys.IdempotencyKeys.Count > 0)
            await ReservationsAsync(balances: false);
        if (keys.Answers.Count > 0)
            await RowsAsync(() => state.LoadAnswer(PostgreSqlReservations.Read(reader)));
        if (keys.JobAnswers.Count > 0)
            await RowsAsync(() => state.LoadAnswer(PostgreSqlReservations.Read(reader)));
        if (keys.Repeats.Count > 0)
            await ReadRepeatsAsync(reader, [.. keys.Repeats], state, cancellationToken);
        if (keys.Generations.Count > 0)
        {
            await RowsAsync(() => state.Load(Generation(reader)));
            await ReservationsAsync(balances: false);
        }
        state.Prices.LoadNone(keys.Models);
        if (keys.Models.Count > 0)
            await RowsAsync(() => state.Prices.Load(PostgreSqlBalances.Ratio(reader)));
        if (isCharged)
            await RowsAsync(() => state.Load(PostgreSqlBalances.Counter(reader, reader.GetString(0), first: 1)));
        if (keys.Tenants.Count > 0)
            await RowsAsync(() => PostgreSqlBalances.LoadTenant(reader, state));
        return state;

        Task RowsAsync(Action load) => ReadRowsAsync(reader, load, cancellationToken);

        Task ReservationsAsync(bool balances, List<Guid>? ids = null) => RowsAsync(() => LoadReservation(reader, state, balances, ids));
    }

    private static async Task ReadAccountAsync(NpgsqlDataReader reader, LedgerUnitOfWork state, CancellationToken cancellationToken)
    {
        await ReadRowsAsync(reader, () => state.Sent = Sent(reader), cancellationToken);
        await ReadRowsAsync(reader, () => state.NextFree = Time(reader, 0), cancellationToken);
        await ReadRowsAsync(reader, () => LoadReservation(reader, state, balances: false, state.ExpiredSlots), cancellationToken);
    }

    private static void LoadReservation(NpgsqlDataReader reader, LedgerUnitOfWork state, bool balances, List<Guid>? ids)
    {
        var row = PostgreSqlReservations.Read(reader);
        state.Load(row, balances);
        ids?.Add(row.Id);
    }

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => UnixMicroseconds.ToTime(row.LongOrNull(column));

    private static Minute Sent(NpgsqlDataReader row) => new(row.GetInt64(0), 0, Time(row, 1)) { FirstOfMoment = row.LongOrNull(2) };

    private static GenerationRow Generation(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetGuid(2), UnixMicroseconds.ToTime(row.GetInt64(3)));

    private static async Task<LedgerUnitOfWork> BeginAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        await row.NextResultAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var ledger = new LedgerRow(
            row.GetGuid(0),
            UnixMicroseconds.ToTime(row.GetInt64(1)),
            row.GetInt64(2),
            row.GetInt64(3),
            row.GetInt64(4)
        )
        {
            Turn = row.GetInt64(5),
            PausedUntil = UnixMicroseconds.ToTime(row.GetInt64(6)),
            Probes = row.GetInt64(7),
        };
        return new LedgerUnitOfWork(ledger, UnixMicroseconds.ToTime(row.GetInt64(8)));
    }

    private static async Task ReadRepeatsAsync(
        NpgsqlDataReader reader,
        RepeatKey[] repeats,
        LedgerUnitOfWork state,
        CancellationToken cancellationToken
    )
    {
        foreach (var repeat in repeats)
            state.Owed[repeat] = [];
        await ReadRowsAsync(
            reader,
            () =>
            {
                var row = PostgreSqlReservations.Read(reader);
                state.Load(row, balances: false);
                state.Owed[repeats[reader.GetInt64(RepeatColumn) - 1]].Add(row.Id);
            },
            cancellationToken
        );
        await ReadRowsAsync(
            reader,
            () =>
                state.Instances[reader.GetGuid(0)] = new InstanceRow(
                    UnixMicroseconds.ToTime(reader.GetInt64(1)),
                    UnixMicroseconds.ToTime(reader.GetInt64(2))
                ),
            cancellationToken
        );
    }

    public static async Task ReadRowsAsync(NpgsqlDataReader reader, Action load, CancellationToken cancellationToken)
    {
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            load();
    }

    private static void ReadCompetition(NpgsqlDataReader row, LedgerUnitOfWork state, Guid instance)
    {
        var competition = state.Competition ??= new Competition(instance);
        var (kind, tenant, count) = (row.GetString(0), row.GetString(1), row.GetInt64(2));
        switch (kind)
        {
            case "scarce":
                break;
            case "running":
                competition.Running[tenant] = count;
                break;
            case "created":
                competition.Created[tenant] = count;
                break;
            case "asked":
                state.Load(PostgreSqlBalances.Counter(row, tenant, first: 4));
                competition.Asked.Add(tenant);
                break;
            default:
                competition.AddOpen(tenant, LedgerStore.ToState(kind), isHere: row.GetBoolean(3), count);
                break;
        }
    }
}
