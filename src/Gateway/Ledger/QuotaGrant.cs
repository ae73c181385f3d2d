using System.Data.Common;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>Raises a tenant's limit for one period. The grant lies beside the balance, so that the next admission reads both under the same lock.</summary>
internal static class QuotaGrant
{
    /// <summary>Quotas that can be granted, by their names in the tenants file, and the names they have in answers.</summary>
    public static readonly IReadOnlyDictionary<string, string> Quotas = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["imagesPerDay"] = QuotaStatus.ImagesDay,
        ["imagesPerMonth"] = QuotaStatus.ImagesMonth,
        ["usdPerMonth"] = QuotaStatus.UsdMonth,
    };

    /// <summary>Where it is kept: everything but the column's name is a constant.</summary>
    private const string Insert = """
        insert into quota_window (tenant, period, images_held, images_spent, micros_held, micros_spent, generations, COLUMN)
        values (@tenant, @period, 0, 0, 0, 0, 0, @amount)
        on conflict (tenant, period) do update set COLUMN = quota_window.COLUMN + excluded.COLUMN
        """;

    /// <param name="quota">As in answers: <c>images-day</c>, <c>images-month</c> or <c>usd-month</c>.</param>
    /// <param name="amount">Images, or micro-dollars.</param>
    /// <returns>The period it belongs to: the running one by the ledger's clock.</returns>
    public static async Task<string> AddAsync(
        DbConnection connection,
        DbTransaction transaction,
        Database database,
        DateTimeOffset now,
        string tenant,
        string quota,
        long amount,
        CancellationToken cancellationToken
    )
    {
        // The ledger's own lock: a batch that is deciding now has read the balances without the grant, and must have written them before.
        if (database is PostgreSqlDatabase)
            await ExecuteAsync("select 1 from ledger where id = 1 for update");
        var period = quota == QuotaStatus.ImagesDay ? Period.DayOf(now) : Period.MonthOf(now);
        var column = quota == QuotaStatus.UsdMonth ? "micros_granted" : "images_granted";
        await ExecuteAsync(
            Insert.Replace("COLUMN", column, StringComparison.Ordinal),
            ("tenant", tenant),
            ("period", period),
            ("amount", amount)
        );
        return period;

        async Task ExecuteAsync(string sql, params (string Name, object Value)[] values)
        {
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
#pragma warning disable CA2100 // constants above
            command.CommandText = sql;
#pragma warning restore CA2100
            foreach (var (name, value) in values)
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
