using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Sqlite;

/// <summary>Reads the <see cref="Competition"/>, if slots are scarce or it is asked for.</summary>
internal static class SqliteCompetition
{
    public static void Load(SqliteLedgerStatements sql, LedgerUnitOfWork state, LedgerKeys keys, QuotaOptions options, Guid instance)
    {
        if (!keys.Queue && keys.Slots == 0)
            return;
        var (slots, minute) = LedgerStore.Plenty(keys, options);
        if (state.Ledger.Running <= slots && state.Sent.Count(state.Ledger.Sent) <= minute && state.Ledger.Probes == 0)
            return;
        var competition = new Competition(instance);
        while (sql.Running.Read())
            competition.Running[sql.Running.Text(0)] = sql.Running.Long(1);
        // Only an admission needs it.
        if (keys.Slots > 0)
        {
            var created = sql.Created.With(UnixMicroseconds.From(state.Now - Minute.Length));
            while (created.Read())
                competition.Created[created.Text(0)] = created.Long(1);
        }
        while (sql.Open.Read())
            competition.AddOpen(
                sql.Open.Text(0),
                LedgerStore.ToState(sql.Open.Text(1)),
                isHere: sql.Open.Id(2) == instance,
                sql.Open.Long(3)
            );
        var asked = sql.Asked.With(UnixMicroseconds.From(state.Now - LedgerStore.Lately(options)));
        while (asked.Read())
        {
            var counter = ReadCounter(asked, asked.Text(5));
            state.Load(counter);
            competition.Asked.Add(counter.Tenant);
        }
        state.Competition = competition;
    }

    public static CounterRow ReadCounter(SqliteStatement row, string tenant) =>
        new(tenant, row.Long(0), row.Long(1))
        {
            AskedAt = UnixMicroseconds.ToTime(row.Long(2)),
            Turn = row.Long(3),
            Queued = row.Long(4),
        };
}
