using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Sqlite;

/// <summary>Windows, counters and minutes as rows of SQLite.</summary>
internal static class SqliteBalances
{
    public static void Store(SqliteLedgerStatements sql, LedgerUnitOfWork state)
    {
        var ledger = state.Ledger;
        sql.SetLedger.With(UnixMicroseconds.From(ledger.HighWater))
            .With(ledger.Events)
            .With(ledger.Sent)
            .With(ledger.Running)
            .With(ledger.Turn)
            .With(UnixMicroseconds.From(ledger.PausedUntil))
            .With(ledger.Probes)
            .Execute();
        foreach (var row in state.ChangedWindows)
            sql.SetWindow.With(row.Tenant)
                .With(row.Period)
                .With(row.ImagesHeld)
                .With(row.ImagesSpent)
                .With(row.MicrosHeld)
                .With(row.MicrosSpent)
                .With(row.Generations)
                .With(row.ImagesGranted)
                .With(row.MicrosGranted)
                .Execute();
        SqliteReservations.AddCharges(sql.AddUserCharge, state);
        foreach (var row in state.ChangedCounters)
            sql.SetCounter.With(row.Tenant)
                .With(row.Sequence)
                .With(row.Active)
                .With(UnixMicroseconds.From(row.AskedAt))
                .With(row.Turn)
                .With(row.Queued)
                .Execute();
    }

    public static void LoadWindow(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant, string period) =>
        state.Load(
            sql.Memory.Window(
                tenant,
                period,
                () =>
                    sql.Window.With(tenant)
                        .With(period)
                        .One(row => new WindowRow(
                            tenant,
                            period,
                            row.Long(0),
                            row.Long(1),
                            row.Long(2),
                            row.Long(3),
                            row.Long(4),
                            row.Long(5),
                            row.Long(6)
                        ))
                    ?? new WindowRow(tenant, period)
            )
        );

    public static void LoadCounter(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant) =>
        state.Load(
            sql.Memory.Counter(
                tenant,
                () => sql.Counter.With(tenant).One(row => SqliteCompetition.ReadCounter(row, tenant)) ?? new CounterRow(tenant)
            )
        );

    public static LedgerRow ReadLedger(SqliteStatement row) =>
        new(row.Id(0), UnixMicroseconds.ToTime(row.Long(1)), row.Long(2), row.Long(3), row.Long(4))
        {
            Turn = row.Long(5),
            PausedUntil = UnixMicroseconds.ToTime(row.Long(6)),
            Probes = row.Long(7),
        };

    public static void LoadMinute(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant, long minuteAgo) =>
        state.Load(
            tenant,
            sql.Minute.With(tenant)
                .With(minuteAgo)
                .One(row => new Minute(
                    row.LongOrNull(0),
                    row.Long(1),
                    UnixMicroseconds.ToTime(Earlier(row.LongOrNull(2), row.LongOrNull(4))),
                    row.Long(3)
                ))!
        );

    private static long? Earlier(long? one, long? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
