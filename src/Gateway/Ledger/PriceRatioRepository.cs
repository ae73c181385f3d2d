using System.Data.Common;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>The stored price ratios, for operators. Admissions read them under the ledger's lock.</summary>
internal sealed class PriceRatioRepository(Database database, TimeProvider time)
{
    /// <summary>
    /// For each model the row whose ratio is in force. A model at its computed price is not among them.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, PriceRatioRow>> ReadAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            (connection, cancellationToken) =>
                connection.Command("select model, hour, at, stated, computed from price_ratio").ReadAsync(Read, cancellationToken),
            cancellationToken
        );
        return rows.GroupBy(row => row.Model, StringComparer.Ordinal)
            .Select(model => PriceRatioRow.Highest(model, time.GetUtcNow()))
            .OfType<PriceRatioRow>()
            .ToDictionary(row => row.Model, StringComparer.Ordinal);
    }

    /// <summary>From the commit on, reservations of this model hold the computed price.</summary>
    public async Task ResetAsync(DbConnection connection, DbTransaction transaction, string model, CancellationToken cancellationToken)
    {
        // The ledger's own lock: a batch that is being decided has read the old ratio, and must be stored first.
        await database.Dialect.LockAsync(connection, transaction, "select 1 from ledger where id = 1 for update", cancellationToken);
        await connection.PositionalCommand("delete from price_ratio where model = @p0", model).ExecuteAsync(transaction, cancellationToken);
    }

    private static PriceRatioRow Read(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetTime(2), new PriceRatio(row.GetNumber(3), row.GetNumber(4)));
}
