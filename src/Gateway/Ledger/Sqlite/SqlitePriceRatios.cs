using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Sqlite;

/// <summary>The price ratios in SQLite.</summary>
internal sealed class SqlitePriceRatios(Func<string, SqliteStatement> prepare)
{
    private readonly SqliteStatement _select = prepare("select hour, at, stated, computed from price_ratio where model = ?1");
    private readonly SqliteStatement _set = prepare(
        "insert into price_ratio values (?1, ?2, ?3, ?4, ?5) on conflict do update set (at, stated, computed) = (?3, ?4, ?5)"
    );
    private readonly SqliteStatement _prune = prepare("delete from price_ratio where model = ?1 and at <= ?2");

    public void Load(LedgerUnitOfWork state, IReadOnlyCollection<string> models, SqliteMemory memory)
    {
        state.Prices.LoadNone(models);
        foreach (var model in models.Where(model => !memory.HasNoRatio(model)))
        {
            var rows = _select.With(model);
            var found = 0;
            for (; rows.Read(); found++)
                state.Prices.Load(
                    new PriceRatioRow(
                        model,
                        rows.Text(0),
                        UnixMicroseconds.ToTime(rows.Long(1)),
                        new PriceRatio(rows.Long(2), rows.Long(3))
                    )
                );
            if (found == 0)
                memory.AddWithoutRatio(model);
        }
    }

    public void Store(LedgerUnitOfWork state)
    {
        foreach (var row in state.Prices.Changed)
        {
            _set.With(row.Model)
                .With(row.Hour)
                .With(UnixMicroseconds.From(row.At))
                .With(row.Ratio.Stated)
                .With(row.Ratio.Computed)
                .Execute();
            _prune.With(row.Model).With(UnixMicroseconds.From(state.Now - PriceRatio.Window)).Execute();
        }
    }
}
