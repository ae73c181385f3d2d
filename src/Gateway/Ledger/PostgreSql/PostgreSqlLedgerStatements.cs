using Gateway.Storage;

namespace Gateway.Ledger.PostgreSql;

/// <summary>
/// Every statement of the ledger on PostgreSQL. A batch is two round trips: lock and load, store and commit. Nothing is
/// kept in the session: the settings are the transaction's, among them <c>gateway.now</c>, its time in microseconds.
/// </summary>
internal static class PostgreSqlLedgerStatements
{
    private const string Now = "current_setting('gateway.now')::bigint";
    private const string MinuteAgo = Now + " - 60000000";

    /// <summary>
    /// No tenant claims so many jobs in a minute. With an order and a limit the planner takes the index.
    /// </summary>
    private const string MostInMinute = "1000000";

    // Lock

    /// <summary>
    /// The server ends the transaction of a gateway that stops while it holds the lock. Every statement uses its index,
    /// planned once: a plan made while the tables were empty would scan them until the next analyze. A statement that
    /// cannot avoid a scan, if only of a table of one row, costs so much that the planner does not compare the rest.
    /// </summary>
    public const string Limits = """
        select set_config('lock_timeout', '5s', true), set_config('statement_timeout', '5s', true),
          set_config('idle_in_transaction_session_timeout', '5s', true),
          set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)
        """;

    /// <summary>
    /// Before anything is read, on a row that every batch takes first: there are no deadlocks, and commits are in the
    /// order of the locks.
    /// </summary>
    public const string Lock = "select 1 from ledger where id = 1 for update";

    /// <summary>A separate statement, so that it sees what was committed while it waited for the lock.</summary>
    public const string Ledger = $"""
        with clock as materialized (select floor(extract(epoch from gateway_now()) * 1000000)::bigint as micros)
        select epoch, {LedgerStore.LedgerColumns}, micros, set_config('gateway.now', greatest(high_water, micros)::text, true)
        from ledger cross join clock where id = 1
        """;

    public const string Deliver = """
        update reservation r set owed_by = null, version = version + 1 from unnest($1, $3) as a(id, since)
        where r.id = a.id and r.owed_by = $2 and r.owed_at = a.since
        """;

    public const string DeliverJobs = """
        update reservation r set owed_by = null, version = version + 1 from unnest($1, $3) as a(id, since) join job j on j.id = a.id
        where r.id = j.reservation_id and r.owed_by = $2 and r.owed_at = a.since
        """;

    // Load

    public const string SentInMinute = $"""
        select r.sent, r.forwarded_at, (select m.sent from reservation m where m.forwarded_at > {Now} - 6000000 order by m.forwarded_at, m.sent limit 1)
        from reservation r where r.forwarded_at > {MinuteAgo} order by r.forwarded_at, r.sent limit 1
        """;
    public const string NextFree = "select min(running_until) from reservation where running_until is not null";

    public static readonly string ExpiredSlots = Reservations($"r.running_until <= {Now} order by r.running_until");
    public static readonly string Orphans = Reservations(
        $"r.state in ('R', 'F') and ({LedgerStore.OpenSince} < {Now} - $1 or not exists (select from instance i where i.id = r.instance and i.lease_until >= {Now}))"
    );
    public static readonly string Stale = Reservations($"r.state = 'U' and r.forwarded_at < {Now} - $1");
    public static readonly string Unknown = Reservations("r.state = 'U' order by r.forwarded_at");
    public static readonly string TooOld = Reservations($"r.state = 'Q' and r.reserved_at <= {Now} - $1 order by r.reserved_at");
    public static readonly string LiveOfJobs =
        $"select {Columns} from job j join reservation r on r.id = j.reservation_id where j.id = any($1)";
    public static readonly string ReservationsById = $"select {Columns} from reservation r where r.id = any($1)";
    public static readonly string ReservationsByKey = $"""
        select {Columns} from unnest($1, $2) as k(tenant, idem_key)
        join reservation r on r.tenant = k.tenant and r.idem_key = k.idem_key
        """;

    /// <summary>The number of the repeat among those asked for, and the row.</summary>
    public static readonly string Owed = $"""
        select {Columns}, k.n from unnest($1, $2) with ordinality as k(tenant, body_hash, n)
        cross join lateral (select * from reservation r where {LedgerStore.OwedCondition("k.tenant", "k.body_hash")}) r
        order by k.n, r.reserved_at
        """;
    public const string Instances = "select id, heartbeat_at, lease_until from instance";
    public const string Generations = "select id, tenant, reservation_id, created_at from generation where id = any($1)";
    public static readonly string ReservationsByGeneration = $"""
        select {Columns} from generation g join reservation r on r.id = g.reservation_id where g.id = any($1)
        """;
    public const string Tenants = $"""
        select t.tenant, coalesce(c.sequence, 0), coalesce(c.active, 0), coalesce(c.asked_at, 0), coalesce(c.turn, 0), coalesce(c.queued, 0),
          f.first,
          (select count(*) from reservation r where r.tenant = t.tenant and r.reserved_at > {MinuteAgo} and job_id is null and {LedgerStore.UncountedCondition})
            + (select count(*) from reservation r where r.tenant = t.tenant and r.job_id is not null and r.sequence >= f.first),
          least(
            (select reserved_at from reservation r where r.tenant = t.tenant and r.reserved_at > {MinuteAgo} and job_id is null
               and not ({LedgerStore.UncountedCondition}) order by reserved_at, sequence limit 1),
            j.oldest),
          j.count
        from unnest($1) as t(tenant) left join counter c using (tenant)
        cross join lateral (
          select (select sequence from reservation r where r.tenant = t.tenant and r.reserved_at > {MinuteAgo} order by reserved_at, sequence limit 1) as first
        ) f
        cross join lateral (
          select count(*), min(forwarded_at) as oldest from (
            select forwarded_at, state, status, problem from reservation r
            where r.tenant = t.tenant and r.job_id is not null and r.forwarded_at > {MinuteAgo} order by r.forwarded_at limit {MostInMinute}
          ) latest where not ({LedgerStore.UncountedCondition})
        ) j
        """;

    /// <summary>The oldest queued jobs of each tenant that has any.</summary>
    public static readonly string JobHeads = $"""
        select {Columns} from counter c cross join lateral (
          select * from reservation q where q.tenant = c.tenant and q.state = 'Q' order by q.reserved_at, q.sequence limit {LedgerStore.HeadsOfTenant}
        ) r
        where c.queued > 0 order by c.turn, c.tenant, r.reserved_at, r.sequence limit {LedgerStore.Heads}
        """;
    public const string Requests = "select reservation_id, body from sent_request where reservation_id = any($1)";
    public const string RunningWindows = $"""
        select {WindowColumns} from quota_window
        where tenant = any($1) and period in (
          select to_char(to_timestamp(at / 1000000) at time zone 'UTC', format)
          from unnest(array[{Now}, (select high_water from ledger where id = 1)]) as at, unnest(array['YYYY-MM-DD', 'YYYY-MM']) as format
        )
        """;
    public const string Windows =
        $"select {WindowColumns} from unnest($1, $2) as k(tenant, period) join quota_window using (tenant, period)";
    public const string PriceRatios = "select model, hour, at, stated, computed from price_ratio where model = any($1)";
    public const string Counters = $"select tenant, {LedgerStore.CounterColumns} from counter where tenant = any($1)";

    /// <summary>
    /// What <see cref="Rules.Competition"/> holds; no row while at most $1 slots and $2 creations of the minute are in
    /// use. $3: this instance; $4: how long ago a tenant may have asked; $5: how many admissions want to know who made
    /// the creations of the last minute.
    /// </summary>
    public const string Competition = $"""
        with scarce as materialized (
          select 1 from ledger l where id = 1 and (l.running > $1 or l.probes > 0 or l.sent - coalesce(
            (select sent - 1 from reservation where forwarded_at > {MinuteAgo} order by forwarded_at, sent limit 1), l.sent) > $2)
        )
        select 'scarce', '', 0, false, 0, 0, 0, 0, 0 from scarce
        union all
        select 'running', tenant, count(*), false, 0, 0, 0, 0, 0 from reservation
        where running_until is not null and exists (select from scarce) group by tenant
        union all
        select 'created', tenant, count(*), false, 0, 0, 0, 0, 0 from (
          select tenant from reservation where $5 > 0 and forwarded_at > {MinuteAgo} and exists (select from scarce) {LedgerStore.LatestCreations}
        ) c group by tenant
        union all
        select state::text, tenant, count(*), instance = $3, 0, 0, 0, 0, 0 from reservation
        where state in ('R', 'F') and exists (select from scarce) group by state, tenant, instance = $3
        union all
        select 'asked', tenant, 0, false, {LedgerStore.CounterColumns} from counter
        where asked_at > {Now} - $4 and exists (select from scarce)
        """;

    // Store

    public const string SetLedger = $"update ledger set ({LedgerStore.LedgerColumns}) = row($1, $2, $3, $4, $5, $6, $7) where id = 1";
    public const string SetWindows = """
        insert into quota_window select * from unnest($1, $2, $3, $4, $5, $6, $7)
        on conflict (tenant, period) do update set (images_held, images_spent, micros_held, micros_spent, generations)
          = row(excluded.images_held, excluded.images_spent, excluded.micros_held, excluded.micros_spent, excluded.generations)
        """;
    public const string SetCounters = $"""
        insert into counter (tenant, {LedgerStore.CounterColumns}) select * from unnest($1, $2, $3, $4, $5, $6)
        on conflict (tenant) do update set ({LedgerStore.CounterColumns})
          = row(excluded.sequence, excluded.active, excluded.asked_at, excluded.turn, excluded.queued)
        """;

    /// <summary>A statement may not add to the same row twice.</summary>
    public static readonly string AddUserCharges = $"""
        insert into user_charge
        select day, tenant, user_label, sum(generations), sum(images), sum(micros)
        from unnest($1, $2, $3, $4, $5, $6) as a(day, tenant, user_label, generations, images, micros) group by day, tenant, user_label
        {LedgerStore.AddToUserCharge}
        """;

    /// <summary>Divides by zero, so that nothing is committed, if a row is not as it was loaded.</summary>
    public static readonly string UpdateReservations = $"""
        with changed as (
          update reservation r set ({LedgerStore.UpdatedColumns}) = row({Prefixed("u", LedgerStore.UpdatedColumns)})
          from unnest({Parameters(1, UpdatedCount)}) as u({LedgerStore.UpdatedColumns}, id, loaded)
          where r.id = u.id and r.version = u.loaded returning 1
        )
        select 1 / (count(*) = cardinality($1))::int from changed
        """;
    public static readonly string InsertReservations = $"""
        insert into reservation ({LedgerStore.InsertedColumns}) select * from unnest({Parameters(1, InsertedCount)})
        """;
    public const string InsertEvents = "insert into event select * from unnest($1, $2, $3, $4, $5, $6)";
    public const string InsertGenerations =
        "insert into generation (id, tenant, reservation_id, created_at, trace, user_label) select * from unnest($1, $2, $3, $4, $5, $6)";

    /// <summary>
    /// Returns the ids of those that it ended. An image that is already recorded keeps its owner, whatever the upstream
    /// says (T-H9). The index of all that are pending cannot be taken for this condition.
    /// </summary>
    public const string EndGenerations = """
        with ended as (
          update generation g set status = e.status, ended_at = $5, result = case when g.deleted_at is null then e.result end
          from unnest($1, $2, $3, $4) as e(id, status, result, is_deleted)
          where g.id = e.id and g.status is not distinct from 'PENDING' and (g.deleted_at is not null) = e.is_deleted
          returning g.id, g.tenant, g.deleted_at
        ), images as (
          insert into image (id, generation_id, tenant, n, url)
          select i.id, i.generation_id, ended.tenant, i.n, i.url from unnest($6, $7, $8, $9) as i(id, generation_id, n, url)
          join ended on ended.id = i.generation_id and ended.deleted_at is null
          on conflict do nothing
        )
        select id from ended
        """;
    public const string InsertRequests = "insert into sent_request (reservation_id, body) select * from unnest($1, $2)";
    public const string InsertJobs = "insert into job (id, tenant, reservation_id, created_at) select * from unnest($1, $2, $3, $4)";
    public const string CopyOrigins = """
        update reservation r set (request_id, trace_id) = row(o.request_id, o.trace_id)
        from unnest($1, $2) as u(id, reservation_id) join job j on j.id = u.id join reservation o on o.id = j.reservation_id
        where r.id = u.reservation_id
        """;
    public const string UpdateJobs =
        "update job j set reservation_id = u.reservation_id from unnest($1, $2) as u(id, reservation_id) where j.id = u.id";
    public const string DeleteRequests = "delete from sent_request where reservation_id = any($1)";
    public const string SetPriceRatios = """
        insert into price_ratio select * from unnest($1, $2, $3, $4, $5)
        on conflict (model, hour) do update set (at, stated, computed) = row(excluded.at, excluded.stated, excluded.computed)
        """;
    public const string PrunePriceRatios = "delete from price_ratio where model = any($1) and at <= $2";
    public const string SeeInstance = "update instance set heartbeat_at = $2 where id = $1";
    public const string SetInstance = """
        insert into instance values ($1, $2, $3)
        on conflict (id) do update set heartbeat_at = excluded.heartbeat_at, lease_until = excluded.lease_until
        """;

    // Prune

    public static readonly string LastKey = $"select id from ({NextIds}) n order by id desc limit 1";
    public static readonly string FreeKeys =
        $"update reservation set idem_key = null, owed_by = null where id {AnyOf(NextIds)} and {LedgerStore.IsForgotten("$3")}";
    public const string PruneInstances =
        "delete from instance where lease_until < $1 and heartbeat_at < $1 and id not in (select instance from reservation where state in ('R', 'F'))";
    public static readonly string PruneEvents = $"delete from event where reservation_id {AnyOf(Ended)}";
    public static readonly string PruneRequests =
        $"delete from sent_request where reservation_id {AnyOf(Ended)} and {LedgerStore.HasNoGeneration}";
    public static readonly string PruneJobs =
        $"delete from job where id in (select job_id from reservation where id {AnyOf(Ended)} and job_id is not null)";
    public static readonly string PruneReservations = $"delete from reservation where id {AnyOf(Ended)}";
    public static readonly string CountNeverSent = LedgerStore.CountNeverSent(Dialect.PostgreSql);
    public static readonly string PruneEventsNeverSent = $"delete from event where reservation_id {AnyOf(LedgerStore.NeverSent)}";
    public static readonly string PruneNeverSent = $"delete from reservation where id {AnyOf(LedgerStore.NeverSent)}";
    public const string PrunedTo = "update ledger set pruned_to = greatest(pruned_to, $1) where id = 1";

    private static string AnyOf(string select) => Dialect.PostgreSql.AnyOf(select);

    private static string NextIds => $"select id from reservation where id > $1 and id < $2 order by id limit {LedgerStore.PruneBatchSize}";

    private static string Ended =>
        "select id from reservation where id < $1 and month < $2 and state in ('S', 'V', 'W') and running_until is null "
        + $"order by id limit {LedgerStore.PruneBatchSize}";

    private const string WindowColumns =
        "tenant, period, images_held, images_spent, micros_held, micros_spent, generations, images_granted, micros_granted";

    private static int InsertedCount => LedgerStore.InsertedColumns.Split(',').Length;

    private static int UpdatedCount => LedgerStore.UpdatedColumns.Split(',').Length + 2;

    private static string Columns => Prefixed("r", LedgerStore.AllColumns);

    private static string Reservations(string condition) =>
        $"select {Columns} from reservation r where {condition} limit {LedgerStore.CleanupBatchSize}";

    private static string Prefixed(string prefix, string columns) =>
        string.Join(", ", columns.Split(',').Select(column => $"{prefix}.{column.Trim()}"));

    private static string Parameters(int first, int count) => string.Join(", ", Enumerable.Range(first, count).Select(n => "$" + n));
}
