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
        );

    public static void LoadCounter(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant) =>
        state.Load(sql.Counter.With(tenant).One(row => SqliteCompetition.ReadCounter(row, tenant)) ?? new CounterRow(tenant));

    public static void LoadMinute(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant, long minuteAgo)
    {
        var first = sql.FirstInMinute.With(tenant).With(minuteAgo).One(row => row.LongOrNull(0));
        var uncounted = first is null ? 0 : sql.UncountedInMinute.With(tenant).With(minuteAgo).One(row => row.Long(0));
        uncounted += first is { } since ? sql.Jobs.Since.With(tenant).With(since).One(row => row.Long(0)) : 0;
        var oldest = first is null ? null : sql.OldestInMinute.With(tenant).With(minuteAgo).One(row => row.LongOrNull(0));
        var (jobs, oldestJob) = sql.Jobs.InMinute.With(tenant).With(minuteAgo).One(row => (row.Long(0), row.LongOrNull(1)));
        state.Load(tenant, new Minute(first, uncounted, UnixMicroseconds.ToTime(Earlier(oldest, oldestJob)), jobs));
    }

    private static long? Earlier(long? one, long? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
