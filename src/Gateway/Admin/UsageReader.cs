using System.Data.Common;
using System.Globalization;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Admin;

/// <summary>
/// Reads what was charged, in batches of bounded size however many tenants and days there are.
/// </summary>
internal sealed class UsageReader(Database database)
{
    private const int MaxRows = 1000;

    /// <summary>More than are released in the two minutes before they are counted and deleted.</summary>
    private const int MaxNotCounted = 10_000;

    /// <summary>Balances that are summed by one statement.</summary>
    private const int MaxBalances = 4_000;

    /// <summary>
    /// The period comes first in this index, and months are between days. Grants make balances without a charge.
    /// </summary>
    private const string ByTenantAndDay = """
        select period, tenant, '', generations, images_spent, micros_spent from quota_window
        where (period, tenant) > (@from, @tenant) and period <= @to order by period, tenant limit @limit
        """;

    /// <summary>By the primary key.</summary>
    private const string ByDayOfTenant = """
        select period, tenant, '', generations, images_spent, micros_spent from quota_window
        where tenant = @only and period >= @from and (period, tenant) > (@from, @tenant) and period <= @to order by period limit @limit
        """;

    /// <summary>The organisation's balance is the sum of its tenants' (INV-2).</summary>
    private const string ByDay = """
        select period, tenant, '', generations, images_spent, micros_spent from quota_window
        where tenant = '*' and period >= @from and (period, tenant) > (@from, @tenant) and period <= @to order by period limit @limit
        """;

    /// <summary>
    /// A sum of its own for each column: of a join, PostgreSQL may read the balances of all tenants.
    /// </summary>
    private static readonly string ByTenant = $"""
        select @from, c.tenant, '', {Sum("generations")}, {Sum("images_spent")}, {Sum("micros_spent")}
        from (select tenant from counter where tenant > @tenant order by tenant limit @limit) as c order by c.tenant
        """;

    /// <summary>
    /// Those whose rows have been deleted, and the few whose rows are still there: of all tenants, because a tenant's
    /// index has all it ever released.
    /// </summary>
    private const string NeverSent = """
        select coalesce(sum(case when day = @day then requests end), 0), coalesce(sum(requests), 0) from (
          select day, requests from never_sent where tenant = @tenant and day >= @month union all
          select day, 1 from (
            select tenant, day, month from reservation where state = 'V' and forwarded_at is null and job_id is null order by ended_at, id limit @limit
          ) r where tenant = @tenant and month = @month
        ) n
        """;

    /// <param name="after">Null: from the first row.</param>
    public async Task<UsageBatch> ReadAsync(UsageQuery query, UsageCursor? after, CancellationToken cancellationToken)
    {
        after ??= new UsageCursor(query.FirstDay, "", "");
        var (sql, limit) = query switch
        {
            { OnlyTenant: not null } => (ByDayOfTenant, MaxRows),
            { ByUser: true } => (UserUsageStatements.For(query), query.ByDay ? MaxRows : RowsOfSums(query)),
            { ByTenant: true, ByDay: true } => (ByTenantAndDay, MaxRows),
            { ByDay: true } => (ByDay, MaxRows),
            _ => (ByTenant, RowsOfSums(query)),
        };
        var read = await database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .Command(
                        sql,
                        ("@from", after.Day),
                        ("@to", query.LastDay),
                        ("@tenant", after.Tenant),
                        ("@user", after.User),
                        ("@only", query.OnlyTenant ?? ""),
                        ("@limit", limit)
                    )
                    .ReadAsync(Read, cancellationToken),
            cancellationToken
        );
        var next = read.Count == limit ? new UsageCursor(read[^1].Day, read[^1].Tenant, read[^1].User) : null;
        return new UsageBatch([.. read.Where(row => IsCharge(row, query))], next);
    }

    /// <summary>A tenant's requests that were reserved and released without having been sent.</summary>
    /// <param name="now">By the ledger's clock.</param>
    public async Task<AdminNeverSent> ReadNeverSentAsync(string tenant, DateTimeOffset now, CancellationToken cancellationToken) =>
        (
            await database.ReadAsync(
                (connection, cancellationToken) =>
                    connection
                        .Command(
                            NeverSent,
                            ("@tenant", tenant),
                            ("@day", Period.DayOf(now)),
                            ("@month", Period.MonthOf(now)),
                            ("@limit", MaxNotCounted)
                        )
                        .ReadAsync(row => new AdminNeverSent(row.GetNumber(0), row.GetNumber(1)), cancellationToken),
                cancellationToken
            )
        ).Single();

    private static int RowsOfSums(UsageQuery query) => Math.Clamp(MaxBalances / query.Days, 1, MaxRows);

    private static bool IsCharge(UsageRow row, UsageQuery query) =>
        row.Day.Length == UsageQuery.Date.Length && query.ByTenant == (row.Tenant != "*") && row.Generations + row.Images + row.Micros > 0;

    private static string Sum(string column) =>
        $"(select coalesce(sum({column}), 0) from quota_window w where w.tenant = c.tenant and period >= @from and period <= @to and length(period) = 10)";

    private static UsageRow Read(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetNumber(3), row.GetNumber(4), row.GetNumber(5));
}

/// <summary>What was charged from one UTC day to another, both included.</summary>
/// <param name="OnlyTenant">Null: of all; else by tenant and day.</param>
internal sealed record UsageQuery(DateOnly From, DateOnly To, bool ByTenant, bool ByDay, bool ByUser = false, string? OnlyTenant = null)
{
    public const string Date = "yyyy-MM-dd";

    public string FirstDay { get; } = From.ToString(Date, CultureInfo.InvariantCulture);

    public string LastDay { get; } = To.ToString(Date, CultureInfo.InvariantCulture);

    public int Days => To.DayNumber - From.DayNumber + 1;
}

/// <param name="Day">Where the query is not by day, the first one.</param>
/// <param name="Tenant"><c>*</c> where the query is not by tenant.</param>
/// <param name="User">Empty: nobody was named, or the query is not by user.</param>
internal sealed record UsageRow(string Day, string Tenant, string User, long Generations, long Images, long Micros);

/// <summary>The last row that was read.</summary>
internal sealed record UsageCursor(string Day, string Tenant, string User);

/// <param name="Rows">Ordered by day and tenant, without rows in which nothing was charged.</param>
/// <param name="Next">Where the next batch begins; null: this is the last one.</param>
internal sealed record UsageBatch(IReadOnlyList<UsageRow> Rows, UsageCursor? Next);
