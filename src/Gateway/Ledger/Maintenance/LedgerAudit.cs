using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// Checks the ledger against itself in one statement, and so at one instant: every balance against the reservations,
/// every reservation against its events.
/// </summary>
/// <remarks>
/// INV-2, 5, 6, 7, 9, 10 and 11. The schema constrains INV-8 and INV-12. INV-1 depends on limits that may have changed,
/// INV-3 and INV-4 on what Leonardo received, INV-13 on the caller: tests check those.
/// </remarks>
internal static class LedgerAudit
{
    /// <param name="From">Reservations made earlier are left out.</param>
    /// <param name="Day">The first day whose balances are checked.</param>
    /// <param name="Month">The first month whose balances are checked.</param>
    internal sealed record Scope(DateTimeOffset From, string Day, string Month)
    {
        public static readonly Scope Everything = new(DateTimeOffset.UnixEpoch, "", "");

        /// <summary>Cheap enough for every minute.</summary>
        public static Scope Today(DateTimeOffset now) => new(Period.DayStart(now), Period.DayOf(now), "9999");

        public static Scope ThisMonth(DateTimeOffset now) =>
            new(Period.MonthStart(now), Period.DayOf(Period.MonthStart(now)), Period.MonthOf(now));
    }

    /// <returns>One line for each violation; at most 100.</returns>
    public static Task<IReadOnlyList<string>> RunAsync(
        Database database,
        Scope scope,
        QuotaOptions options,
        CancellationToken cancellationToken
    ) =>
        database.ReadAsync<IReadOnlyList<string>>(
            async (connection, cancellationToken) =>
            {
                // A violation that a sweep a few seconds late has not cleaned up yet is none.
                await using var command = connection.Command(
                    Statement,
                    ("@from", scope.From.Micros()),
                    ("@day", scope.Day),
                    ("@month", scope.Month),
                    ("@open", (options.OpenLimit + options.Lease).Micros()),
                    ("@grace", (options.UnknownGrace + options.Lease).Micros())
                );
                return await command.ReadAsync(row => $"{row.GetString(0)}: {row.GetString(1)}", cancellationToken);
            },
            cancellationToken
        );

    private const string Statement = """
        with seen as (
          select r.* from counter c join reservation r on r.tenant = c.tenant
          where r.reserved_at >= @from and r.month >= (select pruned_to from ledger)
        ),
        spread as (
          select tenant, day as period, state, images, micros, charged from seen union all
          select tenant, month, state, images, micros, charged from seen union all
          select '*', day, state, images, micros, charged from seen union all
          select '*', month, state, images, micros, charged from seen
        ),
        expected as (
          select tenant, period,
            sum(case when state in ('R', 'F', 'U') then images else 0 end) as images_held,
            sum(case when state in ('S', 'W') then images else 0 end) as images_spent,
            sum(case when state in ('R', 'F', 'U') then micros else 0 end) as micros_held,
            sum(case when state in ('S', 'W') then charged else 0 end) as micros_spent,
            sum(case when state = 'S' then 1 else 0 end) as generations
          from spread group by tenant, period
        ),
        balances as (
          select coalesce(e.tenant, w.tenant) as tenant, coalesce(e.period, w.period) as period,
            coalesce(e.images_held, 0) = coalesce(w.images_held, 0) and coalesce(e.images_spent, 0) = coalesce(w.images_spent, 0)
            and coalesce(e.micros_held, 0) = coalesce(w.micros_held, 0) and coalesce(e.micros_spent, 0) = coalesce(w.micros_spent, 0)
            and coalesce(e.generations, 0) = coalesce(w.generations, 0) as equal
          from expected e full join quota_window w on w.tenant = e.tenant and w.period = e.period
        ),
        active as (
          select tenant, count(*) as n from (
            select tenant from reservation where running_until is not null union all
            select tenant from reservation where state in ('R', 'F') and state = 'R'
          ) a group by tenant
        ),
        history as (
          select s.tenant, s.sequence, s.state, e.from_state, e.to_state,
            lag(e.to_state) over (partition by s.id order by e.n) as previous,
            lead(e.to_state) over (partition by s.id order by e.n) as following
          from seen s left join event e on e.reservation_id = s.id
        )
        select 'balance is not the sum of the reservations (2)' as rule, tenant || ' ' || period as place from balances
          where not equal and period >= (select pruned_to from ledger)
          and ((length(period) = 10 and period >= @day) or (length(period) = 7 and period >= @month))
        union all
        select 'concurrent generations are miscounted (2)', c.tenant from counter c left join active a on a.tenant = c.tenant
          where c.active <> coalesce(a.n, 0)
        union all
        select 'slots of the account are miscounted (2)', 'account' from ledger
          where running <> (select count(*) from reservation where running_until is not null)
        union all
        select 'events are miscounted (11)', 'ledger' from ledger where events < coalesce((select max(n) from event e join seen s on s.id = e.reservation_id), 0)
        union all
        select 'events do not lead to the state (7, 11)', tenant || ' #' || cast(sequence as text) from history
          where to_state is null or coalesce(from_state, '-') <> coalesce(previous, '-') or (following is null and to_state <> state)
          or coalesce(from_state, '-') || to_state not in ('-R', 'RF', 'RV', 'FS', 'FV', 'FU', 'US', 'UV', 'UW', 'WS', 'WV')
        union all
        select 'sent without having been marked (5)', tenant || ' #' || cast(sequence as text) from seen
          where state in ('F', 'S', 'U', 'W') and (forwarded_at is null or sent is null)
        union all
        select 'spent without a charge (2)', tenant || ' #' || cast(sequence as text) from seen
          where (state in ('S', 'W')) <> (charged is not null)
        union all
        select 'settled without an owner (6)', s.tenant || ' #' || cast(s.sequence as text)
          from seen s left join generation g on g.reservation_id = s.id
          where (s.state = 'S') <> (g.id is not null) or g.tenant <> s.tenant or g.id <> s.generation_id
        union all
        select 'day and month do not belong together (10)', tenant || ' #' || cast(sequence as text) from seen where substr(day, 1, 7) <> month
        union all
        select 'open for too long (9)', tenant || ' #' || cast(sequence as text) from reservation
          where state in ('R', 'F') and reserved_at < (select high_water from ledger) - @open
        union all
        select 'unknown for too long (9)', tenant || ' #' || cast(sequence as text) from reservation
          where state = 'U' and forwarded_at < (select high_water from ledger) - @grace
        limit 100
        """;
}
