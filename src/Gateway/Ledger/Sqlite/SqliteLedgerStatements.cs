using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Sqlite;

/// <summary>Every statement of the ledger on SQLite. Times are microseconds; the current time is a parameter.</summary>
internal sealed class SqliteLedgerStatements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<SqliteStatement> _all = [];

    public SqliteLedgerStatements(SqliteConnection connection)
    {
        _connection = connection;
        Memory = new SqliteMemory(connection);
        // Takes the write lock at once: nothing is read that could change before the commit.
        Begin = Prepare("begin immediate");
        Commit = Prepare("commit");
        Rollback = Prepare("rollback");

        Deliver = Prepare("update reservation set owed_by = null, version = version + 1 where id = ?1 and owed_by = ?2 and owed_at = ?3");

        // Load
        Ledger = Prepare($"select epoch, {LedgerStore.LedgerColumns} from ledger where id = 1");
        NextFree = Prepare("select min(running_until) from reservation where running_until is not null");
        ExpiredSlots = Reservations("running_until <= ?1 order by running_until");
        Orphans = Reservations(
            $"state in ('R', 'F') and ({LedgerStore.OpenSince} < ?2 or instance not in (select id from instance where lease_until >= ?1))"
        );
        Stale = Reservations("state = 'U' and forwarded_at < ?1");
        Unknown = Reservations("state = 'U' order by forwarded_at");
        ReservationById = Reservations("id = ?1");
        ReservationByKey = Reservations("tenant = ?1 and idem_key = ?2");
        Owed = Prepare($"select {LedgerStore.AllColumns} from reservation r where {LedgerStore.OwedCondition("?1", "?2")}");
        Instances = Prepare("select id, heartbeat_at, lease_until from instance");
        Generation = Prepare("select tenant, reservation_id, created_at from generation where id = ?1");
        Window = Prepare(
            "select images_held, images_spent, micros_held, micros_spent, generations, images_granted, micros_granted "
                + "from quota_window where tenant = ?1 and period = ?2"
        );
        Counter = Prepare($"select {LedgerStore.CounterColumns} from counter where tenant = ?1");

        // Store
        SetLedger = Prepare($"update ledger set ({LedgerStore.LedgerColumns}) = (?1, ?2, ?3, ?4, ?5, ?6, ?7) where id = 1");
        SetWindow = Prepare(
            "insert into quota_window values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict do update set (images_held, images_spent, micros_held, "
                + "micros_spent, generations, images_granted, micros_granted) = (?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        );
        SetCounter = Prepare(
            $"insert into counter (tenant, {LedgerStore.CounterColumns}) values (?1, ?2, ?3, ?4, ?5, ?6) "
                + $"on conflict do update set ({LedgerStore.CounterColumns}) = (?2, ?3, ?4, ?5, ?6)"
        );
        UpdateReservation = Update();
        UpdateOutcome = Update(LedgerStore.IndexedColumns);
        InsertEvent = Prepare("insert into event values (?1, ?2, ?3, ?4, ?5, ?6)");
        InsertRequest = Prepare("insert into sent_request (reservation_id, body) values (?1, ?2)");
        SetInstance = Prepare("insert or replace into instance values (?1, ?2, ?3)");
        EndOtherLeases = Prepare("update instance set lease_until = 0 where id <> ?1");
    }

    private const string Senders = "select instance from reservation where state in ('R', 'F')";

    private static readonly string NextIds =
        $"select id from reservation where id > ?1 and id < ?2 order by id limit {LedgerStore.PruneBatchSize}";

    private static readonly string FreeKeysOf =
        $"update reservation set idem_key = null, owed_by = null where id in ({NextIds}) and {LedgerStore.IsForgotten("?3")}";

    private static readonly string Ended =
        "select id from reservation where id < ?1 and month < ?2 and state in ('S', 'V', 'W') and running_until is null "
        + $"order by id limit {LedgerStore.PruneBatchSize}";

    /// <summary>Belongs to the connection, as the statements do.</summary>
    public SqliteMemory Memory { get; }
    public SqliteStatement Begin { get; }
    public SqliteStatement Commit { get; }
    public SqliteStatement Rollback { get; }
    public SqliteStatement Touch => field ??= Prepare("update ledger set events = events where id = 1");
    public SqliteStatement Deliver { get; }
    public SqliteStatement Ledger { get; }
    public SqliteStatement SentInMinute =>
        field ??= Prepare(
            "select sent, forwarded_at, (select sent from reservation where forwarded_at > ?2 order by forwarded_at, sent limit 1) "
                + "from reservation where forwarded_at > ?1 order by forwarded_at, sent limit 1"
        );
    public SqliteStatement NextFree { get; }
    public SqliteStatement ExpiredSlots { get; }
    public SqliteStatement Orphans { get; }
    public SqliteStatement Stale { get; }
    public SqliteStatement Unknown { get; }
    public SqliteStatement ReservationById { get; }
    public SqliteStatement ReservationByKey { get; }
    public SqliteStatement Owed { get; }
    public SqliteStatement Instances { get; }
    public SqliteStatement Generation { get; }
    public SqliteStatement Window { get; }
    public SqliteStatement Counter { get; }
    public SqliteJobs Jobs => field ??= new SqliteJobs(Prepare);
    public SqlitePriceRatios PriceRatios => field ??= new SqlitePriceRatios(Prepare);

    /// <summary>The last minute of a tenant.</summary>
    public SqliteStatement Minute =>
        field ??= Prepare(
            $"""
            select f.first,
              (select count(*) from reservation where tenant = ?1 and reserved_at > ?2 and job_id is null and {LedgerStore.UncountedCondition})
                + (select count(*) from reservation where tenant = ?1 and job_id is not null and sequence >= f.first),
              (select reserved_at from reservation where tenant = ?1 and reserved_at > ?2 and job_id is null
                 and not ({LedgerStore.UncountedCondition}) order by reserved_at, sequence limit 1),
              j.count, j.oldest
            from (
              select (select sequence from reservation where tenant = ?1 and reserved_at > ?2 order by reserved_at, sequence limit 1) as first
            ) f, (
              select count(*) as count, min(forwarded_at) as oldest from reservation
              where tenant = ?1 and job_id is not null and forwarded_at > ?2 and not ({LedgerStore.UncountedCondition})
            ) j
            """
        );
    public SqliteStatement SetLedger { get; }
    public SqliteStatement SetWindow { get; }
    public SqliteStatement SetCounter { get; }
    public SqliteStatement AddUserCharge =>
        field ??= Prepare($"insert into user_charge values (?1, ?2, ?3, ?4, ?5, ?6) {LedgerStore.AddToUserCharge}");
    public SqliteStatement InsertReservation =>
        field ??= Prepare($"insert into reservation ({LedgerStore.InsertedColumns}) values ({Placeholders(LedgerStore.InsertedColumns)})");
    public SqliteStatement UpdateReservation { get; }

    /// <summary>
    /// Without the indexed columns: SQLite rewrites an index for each of its columns that is set, changed or not.
    /// </summary>
    public SqliteStatement UpdateOutcome { get; }
    public SqliteStatement InsertEvent { get; }
    public SqliteStatement InsertGeneration =>
        field ??= Prepare(
            "insert into generation (id, tenant, reservation_id, created_at, trace, user_label) values (?1, ?2, ?3, ?4, ?5, ?6)"
        );
    public SqliteStatement EndGeneration =>
        field ??= Prepare(
            "update generation set status = ?1, ended_at = ?2, result = case when deleted_at is null then ?3 end "
                + "where id = ?4 and status = 'PENDING' and (deleted_at is not null) = ?5"
        );
    public SqliteStatement InsertImage =>
        field ??= Prepare(
            "insert into image (id, generation_id, tenant, n, url) select ?1, id, tenant, ?3, ?4 from generation where id = ?2 "
                + "on conflict do nothing"
        );
    public SqliteStatement InsertRequest { get; }
    public SqliteStatement SetInstance { get; }
    public SqliteStatement EndOtherLeases { get; }
    public SqliteStatement Running =>
        field ??= Prepare(
            // Otherwise an index of all rows is read, because it is in the order of the groups.
            "select tenant, count(*) from reservation indexed by reservation_running where running_until is not null group by tenant"
        );
    public SqliteStatement Created =>
        field ??= Prepare(
            $"select tenant, count(*) from (select tenant from reservation where forwarded_at > ?1 {LedgerStore.LatestCreations}) group by tenant"
        );
    public SqliteStatement Open =>
        field ??= Prepare(
            "select tenant, state, instance, count(*) from reservation where state in ('R', 'F') group by instance, tenant, state"
        );
    public SqliteStatement Asked => field ??= Prepare($"select {LedgerStore.CounterColumns}, tenant from counter where asked_at > ?1");
    public SqliteStatement LastKey => field ??= Prepare($"select id from ({NextIds}) order by id desc limit 1");
    public SqliteStatement FreeKeys => field ??= Prepare(FreeKeysOf);
    public SqliteStatement DeleteRequest => field ??= Prepare("delete from sent_request where reservation_id = ?1");
    public SqliteStatement PruneRequests =>
        field ??= Prepare($"delete from sent_request where reservation_id in ({Ended}) and {LedgerStore.HasNoGeneration}");
    public SqliteStatement PruneJobs =>
        field ??= Prepare($"delete from job where id in (select job_id from reservation where id in ({Ended}) and job_id is not null)");
    public SqliteStatement PruneInstances =>
        field ??= Prepare($"delete from instance where lease_until < ?1 and heartbeat_at < ?1 and id not in ({Senders})");
    public SqliteStatement PruneEvents => field ??= Prepare($"delete from event where reservation_id in ({Ended})");
    public SqliteStatement PruneReservations => field ??= Prepare($"delete from reservation where id in ({Ended})");
    public SqliteStatement CountNeverSent => field ??= Prepare(LedgerStore.CountNeverSent(Dialect.Sqlite));
    public SqliteStatement PruneEventsNeverSent =>
        field ??= Prepare($"delete from event where reservation_id in ({LedgerStore.NeverSent})");
    public SqliteStatement PruneNeverSent => field ??= Prepare($"delete from reservation where id in ({LedgerStore.NeverSent})");
    public SqliteStatement PrunedTo => field ??= Prepare("update ledger set pruned_to = max(pruned_to, ?1) where id = 1");

    public void Dispose() => _all.ForEach(statement => statement.Dispose());

    private SqliteStatement Reservations(string condition) =>
        Prepare($"select {LedgerStore.AllColumns} from reservation where {condition} limit {LedgerStore.CleanupBatchSize}");

    private SqliteStatement Prepare(string sql)
    {
        var statement = new SqliteStatement(_connection, sql);
        _all.Add(statement);
        return statement;
    }

    private static string Placeholders(string columns) => string.Join(", ", columns.Split(',').Select(_ => "?"));

    /// <summary>Takes all values whichever it sets, so that all updates are bound in the same way.</summary>
    private SqliteStatement Update(params string[] except)
    {
        var columns = LedgerStore.UpdatedColumns.Split(", ");
        var set = columns
            .Select((column, at) => (Column: column, At: at + 1))
            .Where(one => !except.Contains(one.Column, StringComparer.Ordinal));
        return Prepare(
            $"update reservation set {string.Join(", ", set.Select(one => $"{one.Column} = ?{one.At}"))} "
                + $"where id = ?{columns.Length + 1} and version = ?{columns.Length + 2}"
        );
    }
}
