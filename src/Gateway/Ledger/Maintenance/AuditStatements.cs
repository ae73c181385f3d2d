using System.Data.Common;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>What the audit reads besides the reservations themselves.</summary>
internal sealed class AuditStatements(QuotaOptions options)
{
    /// <summary>Every tenant that ever had a reservation, and how many it had.</summary>
    public static Task<List<(string Tenant, long Sequence)>> ReadCountersAsync(
        DbConnection connection,
        CancellationToken cancellationToken
    ) =>
        connection.Command("select tenant, sequence from counter").ReadAsync(row => (row.GetString(0), row.GetInt64(1)), cancellationToken);

    /// <summary>In ordinal order: every tenant with a reservation or a balance.</summary>
    public static async Task<List<string>> ReadTenantsAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var tenants = await connection
            .Command(
                "select tenant from counter union select tenant from quota_window where tenant <> @all",
                ("@all", WindowRow.OrganizationKey)
            )
            .ReadAsync(row => row.GetString(0), cancellationToken);
        tenants.Sort(StringComparer.Ordinal);
        return tenants;
    }

    /// <summary>The month before which reservations have been pruned; empty: none have.</summary>
    public static async Task<string> ReadKeptFromAsync(DbConnection connection, CancellationToken cancellationToken) =>
        (await connection.Command("select pruned_to from ledger").ReadAsync(row => row.GetString(0), cancellationToken)).Single();

    /// <summary>The balances of one day, by tenant.</summary>
    public static async Task<Dictionary<string, AuditedBalance>> ReadBalancesAsync(
        DbConnection connection,
        string day,
        CancellationToken cancellationToken
    )
    {
        var rows = await connection
            .Command(
                $"select w.tenant, {AuditedBalance.Columns} from counter c join quota_window w on w.tenant = c.tenant and w.period = @day",
                ("@day", day)
            )
            .ReadAsync(row => (row.GetString(0), AuditedBalance.Read(row, 1)), cancellationToken);
        return rows.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>The balances of one tenant's days after one and up to another, by day.</summary>
    public static async Task<Dictionary<string, AuditedBalance>> ReadBalancesAsync(
        DbConnection connection,
        string tenant,
        string after,
        string upTo,
        CancellationToken cancellationToken
    )
    {
        var rows = await connection
            .Command(
                $"""
                select period, {AuditedBalance.Columns} from quota_window
                where tenant = @tenant and period > @after and period <= @up_to and length(period) = 10
                  and period >= (select pruned_to from ledger)
                """,
                ("@tenant", tenant),
                ("@after", after),
                ("@up_to", upTo)
            )
            .ReadAsync(row => (row.GetString(0), AuditedBalance.Read(row, 1)), cancellationToken);
        return rows.ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>
    /// One statement, and so one instant: the totals of the tenants, days and months against one another, the slots,
    /// and what has been open for too long.
    /// </summary>
    /// <param name="connection">May be in a snapshot.</param>
    /// <param name="from">The first month whose totals are compared; empty: all.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    public Task<List<string>> CheckWholeAsync(DbConnection connection, string from, CancellationToken cancellationToken) =>
        // A violation that a sweep a few seconds late has not cleaned up yet is none.
        connection
            .Command(
                WholeStatement,
                ("@from", from),
                ("@open", (options.OpenLimit + options.Lease).Micros()),
                ("@age", (options.JobMaxAge + options.OpenLimit + options.Lease).Micros()),
                ("@grace", (options.UnknownGrace + options.Lease).Micros()),
                ("@lease", options.Lease.Micros())
            )
            .ReadAsync(row => $"{row.GetString(0)}: {row.GetString(1)}", cancellationToken);

    private const string WholeStatement = $"""
        with windows as (
          select w.* from (select tenant from counter union all select '*') t
          join quota_window w on w.tenant = t.tenant and w.period >= @from
        ),
        sums as (
          select case when tenant = '*' then 'organization' else 'tenants' end as side, period, sum(images_held) as images_held,
            sum(images_spent) as images_spent, sum(micros_held) as micros_held, sum(micros_spent) as micros_spent, sum(generations) as generations
          from windows group by 1, 2
        ),
        months as (
          select tenant, substr(period, 1, 7) as period, length(period) as kind, sum(images_held) as images_held,
            sum(images_spent) as images_spent, sum(micros_held) as micros_held, sum(micros_spent) as micros_spent, sum(generations) as generations
          from windows group by 1, 2, 3
        ),
        active as (
          select tenant, count(*) as n from (
            select tenant from reservation where running_until is not null union all
            select tenant from reservation where state in ('R', 'F') and state = 'R'
          ) a group by tenant
        )
        select 'the organisation is not the sum of its tenants (INV-2)' as rule, coalesce(o.period, t.period) as place
          from (select * from sums where side = 'organization') o full join (select * from sums where side = 'tenants') t on t.period = o.period
          where coalesce(o.images_held, 0) <> coalesce(t.images_held, 0) or coalesce(o.images_spent, 0) <> coalesce(t.images_spent, 0)
          or coalesce(o.micros_held, 0) <> coalesce(t.micros_held, 0) or coalesce(o.micros_spent, 0) <> coalesce(t.micros_spent, 0)
          or coalesce(o.generations, 0) <> coalesce(t.generations, 0)
        union all
        select 'the month is not the sum of its days (INV-2)', coalesce(m.tenant, d.tenant) || ' ' || coalesce(m.period, d.period)
          from (select * from months where kind = 7) m full join (select * from months where kind = 10) d on d.tenant = m.tenant and d.period = m.period
          where coalesce(m.images_held, 0) <> coalesce(d.images_held, 0) or coalesce(m.images_spent, 0) <> coalesce(d.images_spent, 0)
          or coalesce(m.micros_held, 0) <> coalesce(d.micros_held, 0) or coalesce(m.micros_spent, 0) <> coalesce(d.micros_spent, 0)
          or coalesce(m.generations, 0) <> coalesce(d.generations, 0)
        union all
        select 'concurrent generations are miscounted (INV-2)', c.tenant from counter c left join active a on a.tenant = c.tenant
          where c.active <> coalesce(a.n, 0)
        union all
        select 'slots of the account are miscounted (INV-2)', 'account' from ledger
          where running <> (select count(*) from reservation where running_until is not null)
        union all
        select 'open for too long (INV-9)', tenant || ' #' || cast(sequence as text) from reservation
          where state in ('R', 'F') and {LedgerStore.OpenSince} < (select high_water from ledger) - @open
        union all
        select 'queued for too long (INV-9)', tenant || ' #' || cast(sequence as text) from reservation
          where state = 'Q' and reserved_at < (select high_water from ledger) - @age
        union all
        select 'queued jobs are miscounted (INV-2)', c.tenant from counter c
          where c.queued <> (select count(*) from reservation q where q.tenant = c.tenant and q.state = 'Q')
        union all
        select 'unknown for too long (INV-9)', tenant || ' #' || cast(sequence as text) from reservation
          where state = 'U' and forwarded_at < (select high_water from ledger) - @grace
            -- What was found open after a long outage is written off by the next sweep.
            and coalesce(fence_at, 0) < (select high_water from ledger) - @lease
        limit 100
        """;
}
