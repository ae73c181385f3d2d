using Gateway.Ledger.Rules;
using Gateway.Storage;
using Npgsql;
using Sql = Gateway.Ledger.PostgreSql.PostgreSqlLedgerStatements;

namespace Gateway.Ledger.PostgreSql;

/// <summary>Windows, counters, minutes and price ratios as rows of PostgreSQL.</summary>
internal static class PostgreSqlBalances
{
    public static void LoadTenant(NpgsqlDataReader row, LedgerUnitOfWork state)
    {
        state.Load(Counter(row, row.GetString(0), first: 1));
        state.Load(
            row.GetString(0),
            new Minute(row.LongOrNull(6), row.GetInt64(7), UnixMicroseconds.ToTime(row.LongOrNull(8)), row.GetInt64(9))
        );
    }

    public static CounterRow Counter(NpgsqlDataReader row, string tenant, int first) =>
        new(tenant, row.GetInt64(first), row.GetInt64(first + 1))
        {
            AskedAt = UnixMicroseconds.ToTime(row.GetInt64(first + 2)),
            Turn = row.GetInt64(first + 3),
            Queued = row.GetInt64(first + 4),
        };

    /// <summary>
    /// Windows, counters and price ratios of the loaded reservations that were not asked for. A round trip of its own,
    /// where there are any.
    /// </summary>
    public static async Task LoadMissingAsync(
        NpgsqlConnection connection,
        LedgerUnitOfWork state,
        bool mayRetry,
        CancellationToken cancellationToken
    )
    {
        var windows = state.MissingWindows();
        var counters = state.MissingCounters();
        var models = state.MissingModels();
        var minutes = state.MissingMinutes();
        var requests = mayRetry ? state.MissingRequests() : [];
        counters.ExceptWith(minutes);
        if (windows.Count + counters.Count + models.Count + minutes.Count + requests.Count == 0)
            return;
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(Sql.Windows, windows.Select(key => key.Tenant).ToArray(), windows.Select(key => key.Period).ToArray());
        batch.Add(Sql.Counters, counters.ToArray());
        batch.Add(Sql.PriceRatios, models.ToArray());
        batch.Add(Sql.Tenants, minutes.ToArray());
        batch.Add(Sql.Requests, requests.ToArray());
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        foreach (var (tenant, period) in windows)
            state.Load(new WindowRow(tenant, period));
        while (await reader.ReadAsync(cancellationToken))
            state.Load(Window(reader));
        foreach (var tenant in counters)
            state.Load(new CounterRow(tenant));
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            state.Load(Counter(reader, reader.GetString(0), first: 1));
        state.Prices.LoadNone(models);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            state.Prices.Load(Ratio(reader));
        await PostgreSqlLedgerReader.ReadRowsAsync(reader, () => LoadTenant(reader, state), cancellationToken);
        await PostgreSqlLedgerReader.ReadRowsAsync(reader, LoadRequest, cancellationToken);

        void LoadRequest() => state.Requests.Load(new SentRequest(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1)));
    }

    /// <summary>What of it a batch has changed.</summary>
    public static void AddTo(NpgsqlBatch batch, LedgerUnitOfWork state)
    {
        AddPriceRatios(batch, state);
        var ledger = state.Ledger;
        batch.Add(
            Sql.SetLedger,
            UnixMicroseconds.From(ledger.HighWater),
            ledger.Events,
            ledger.Sent,
            ledger.Running,
            ledger.Turn,
            UnixMicroseconds.From(ledger.PausedUntil),
            ledger.Probes
        );
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
        if (UserCharge.From(state).ToArray() is { Length: > 0 } charges)
            batch.Add(
                Sql.AddUserCharges,
                charges.Select(row => row.Day).ToArray(),
                charges.Select(row => row.Tenant).ToArray(),
                charges.Select(row => row.User).ToArray(),
                charges.Select(row => row.Generations).ToArray(),
                charges.Select(row => row.Images).ToArray(),
                charges.Select(row => row.Micros).ToArray()
            );
        if (state.ChangedCounters.ToArray() is { Length: > 0 } counters)
            batch.Add(
                Sql.SetCounters,
                counters.Select(row => row.Tenant).ToArray(),
                counters.Select(row => row.Sequence).ToArray(),
                counters.Select(row => row.Active).ToArray(),
                counters.Select(row => UnixMicroseconds.From(row.AskedAt)).ToArray(),
                counters.Select(row => row.Turn).ToArray(),
                counters.Select(row => row.Queued).ToArray()
            );
    }

    private static void AddPriceRatios(NpgsqlBatch batch, LedgerUnitOfWork state)
    {
        if (state.Prices.Changed.ToArray() is not { Length: > 0 } ratios)
            return;
        batch.Add(
            Sql.SetPriceRatios,
            ratios.Select(row => row.Model).ToArray(),
            ratios.Select(row => row.Hour).ToArray(),
            ratios.Select(row => UnixMicroseconds.From(row.At)).ToArray(),
            ratios.Select(row => row.Ratio.Stated).ToArray(),
            ratios.Select(row => row.Ratio.Computed).ToArray()
        );
        batch.Add(Sql.PrunePriceRatios, ratios.Select(row => row.Model).ToArray(), UnixMicroseconds.From(state.Now - PriceRatio.Window));
    }

    public static PriceRatioRow Ratio(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetString(1), UnixMicroseconds.ToTime(row.GetInt64(2)), new PriceRatio(row.GetInt64(3), row.GetInt64(4)));

    public static WindowRow Window(NpgsqlDataReader row) =>
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
}
