using System.Data.Common;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>
/// Raises a tenant's limit for one period. The grant is kept beside the balance, so that the next admission reads both
/// under the same lock.
/// </summary>
internal static class QuotaGrant
{
    /// <summary>Quotas that can be granted: names in the tenants file, and names in answers.</summary>
    public static readonly IReadOnlyDictionary<string, string> Quotas = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["imagesPerDay"] = QuotaStatus.ImagesDay,
        ["imagesPerMonth"] = QuotaStatus.ImagesMonth,
        ["usdPerMonth"] = QuotaStatus.UsdMonth,
    };

    private const string Insert = """
        insert into quota_window (tenant, period, images_held, images_spent, micros_held, micros_spent, generations, COLUMN)
        values (@tenant, @period, 0, 0, 0, 0, 0, @amount)
        on conflict (tenant, period) do update set COLUMN = quota_window.COLUMN + excluded.COLUMN
        """;

    /// <param name="quota">As in answers: <c>images-day</c>, <c>images-month</c> or <c>usd-month</c>.</param>
    /// <param name="amount">Images, or micro-dollars.</param>
    /// <param name="now">By the ledger's clock.</param>
    /// <returns>The period it belongs to.</returns>
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
        // The ledger's own lock: a batch that is being decided has read the balances without the grant, and must be
        // stored first.
        await database.Dialect.LockAsync(connection, transaction, "select 1 from ledger where id = 1 for update", cancellationToken);
        var period = quota == QuotaStatus.ImagesDay ? Period.DayOf(now) : Period.MonthOf(now);
        var column = quota == QuotaStatus.UsdMonth ? "micros_granted" : "images_granted";
        var insert = connection.Command(
            Insert.Replace("COLUMN", column, StringComparison.Ordinal),
            ("@tenant", tenant),
            ("@period", period),
            ("@amount", amount)
        );
        await insert.ExecuteAsync(transaction, cancellationToken);
        return period;
    }
}
