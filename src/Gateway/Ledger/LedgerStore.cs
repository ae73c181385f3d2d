using Gateway.Edge;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>
/// The ledger's rows in a store. An engine locks, loads and stores them; it decides nothing.
/// </summary>
internal abstract class LedgerStore
{
    /// <summary>Of each tenant, and of all, this many queued jobs are looked at by one batch.</summary>
    public const int HeadsOfTenant = 4;
    public const int Heads = 128;

    /// <summary>At most this many expired slots, orphans and stale reservations are loaded by one batch.</summary>
    public const int CleanupBatchSize = 256;

    /// <summary>One batch of pruning holds the writer for a few milliseconds.</summary>
    public const int PruneBatchSize = 25;

    /// <summary>Columns of a reservation that never change, in the order both engines read and write them.</summary>
    public const string FixedColumns =
        "id, tenant, images, micros, day, month, sequence, body_hash, model, prompt_hash, seed, width, height, enhanced, job_id, "
        + "reserved_at, raised_from, user_label";

    /// <summary>Columns that change, after <see cref="FixedColumns"/>.</summary>
    public const string UpdatedColumns =
        "state, version, charged, sent, idem_key, forwarded_at, ended_at, running_until, fence_at, "
        + "generation_id, api_credits, cost_micros, cost_amount, cost_unit, problem, status, detail, reason, retry_after, owed_by, owed_at, "
        + "caller_waits, instance, seed_drawn";

    /// <summary>Those of <see cref="UpdatedColumns"/> that are in an index. An outcome changes none of them.</summary>
    public static readonly string[] IndexedColumns = ["sent", "idem_key", "forwarded_at", "running_until", "owed_by", "instance"];

    public const string AllColumns = FixedColumns + ", " + UpdatedColumns;

    /// <summary>After <see cref="AllColumns"/> when a reservation is made: the ledger does not read them.</summary>
    public const string InsertedColumns = AllColumns + ", request_id, trace_id";

    public const string AddToUserCharge =
        "on conflict (day, tenant, user_label) do update set generations = user_charge.generations + excluded.generations, "
        + "images = user_charge.images + excluded.images, micros = user_charge.micros + excluded.micros";

    private const int FewSlots = 100;

    /// <summary>Of the row that is locked first, after its epoch.</summary>
    public const string LedgerColumns = "high_water, events, sent, running, turn, paused_until, probes";

    /// <summary>Of a tenant's counter, after the tenant.</summary>
    public const string CounterColumns = "sequence, active, asked_at, turn, queued";

    /// <summary>
    /// <see cref="Competition"/> is read when more than half of the slots, or of the creations of a minute, are in use;
    /// of an account with few slots always, because a request of another replica may be waiting for one.
    /// </summary>
    /// <returns>The numbers in use above which it is read.</returns>
    public static (long Slots, long Minute) Plenty(LedgerKeys keys, QuotaOptions options) =>
        keys.Queue || options.ConcurrentGenerations <= FewSlots
            ? (-1, -1)
            : ((options.ConcurrentGenerations / 2) - keys.Slots, (options.GenerationsPerMinute / 2) - keys.Slots);

    /// <summary>
    /// Of an account that takes more creations a minute, the last 2,000 tell the shares, and a batch stays short.
    /// </summary>
    public const string LatestCreations = "order by forwarded_at desc limit 2000";

    /// <summary>Tenants that asked since then are read. Their minute is stored, and what waits asked before.</summary>
    public static TimeSpan Lately(QuotaOptions options) =>
        (options.QueueTimeout > ShareRules.Lately ? options.QueueTimeout : ShareRules.Lately) + TimeSpan.FromMinutes(1);

    /// <summary>More equal requests of one tenant than this are never looked at together.</summary>
    public const int MaxEqual = 512;

    /// <summary>
    /// Equal requests whose answer is still owed, oldest first, without generations that were deleted or have failed.
    /// </summary>
    public static string OwedCondition(string tenant, string bodyHash) =>
        $"""
            r.tenant = {tenant} and r.body_hash = {bodyHash} and r.owed_by is not null and not exists (
              select 1 from generation g where g.reservation_id = r.id and (g.deleted_at is not null or g.status = 'FAILED')
            )
            order by r.reserved_at limit {MaxEqual}
            """;

    /// <summary>
    /// Released ones that do not count in requests-minute: the gateway refused them, or could not reach Leonardo. The
    /// same rule as <see cref="Reservation.CountsAsRequest"/>.
    /// </summary>
    public const string UncountedCondition = "state = 'V' and (status is null or status = 503 or problem = 'upstream-unreachable')";

    /// <summary>
    /// When what may be sent was reserved, or its job claimed: from then on it is open for as long as a lease allows.
    /// </summary>
    public const string OpenSince = "case when job_id is null then reserved_at else coalesce(forwarded_at, reserved_at) end";

    /// <summary>
    /// Released before they were sent, two minutes ago or earlier: no minute counts them and no caller waits for them.
    /// </summary>
    public static readonly string NeverSent =
        "select id from reservation where state = 'V' and forwarded_at is null and job_id is null and ended_at < (select high_water from ledger where id = 1) - 120000000 "
        + $"order by ended_at, id limit {PruneBatchSize}";

    /// <summary>Nobody can read the request any more: it made no generation, and its reservation is pruned.</summary>
    public const string HasNoGeneration = "not exists (select 1 from generation g where g.reservation_id = sent_request.reservation_id)";

    public static string CountNeverSent(Dialect dialect) =>
        $"insert into never_sent select tenant, day, count(*) from reservation where id {dialect.AnyOf(NeverSent)} group by tenant, day "
        + "on conflict (tenant, day) do update set requests = never_sent.requests + excluded.requests";

    /// <summary>One transaction: lock, load, decide, store, commit. Writes nothing if nothing was changed.</summary>
    /// <param name="keys">What the decision reads.</param>
    /// <param name="decide">Pure; called once, under the lock.</param>
    /// <param name="cancellationToken">Observed until the commit has begun.</param>
    /// <exception cref="StoreUnavailableException">
    /// Whether it was committed is not known. After any other exception it was not.
    /// </exception>
    public abstract Task RunAsync(LedgerKeys keys, Action<LedgerUnitOfWork> decide, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets Idempotency-Keys, and answers that nobody received, of ended reservations, among the next <see
    /// cref="PruneBatchSize"/> ids between two.
    /// </summary>
    /// <param name="after">Before every id that is looked at.</param>
    /// <param name="before">After every id that is looked at.</param>
    /// <param name="expiry">What was made, or missed, earlier is not repeated any more.</param>
    /// <param name="cancellationToken">As of <see cref="RunAsync"/>.</param>
    public abstract Task<FreedKeys> FreeKeysAsync(Guid after, Guid before, DateTimeOffset expiry, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes ended reservations of earlier months with their events, at most <see cref="PruneBatchSize"/>.
    /// </summary>
    /// <param name="month">The first month to keep.</param>
    /// <param name="before">After every id of an earlier month.</param>
    /// <param name="cancellationToken">Observed until the commit has begun.</param>
    /// <returns>Whether there may be more.</returns>
    public abstract Task<bool> PruneReservationsAsync(string month, Guid before, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes reservations that were released before they were sent, with their events, and adds them to the tenant's
    /// count of the day; at most <see cref="PruneBatchSize"/>.
    /// </summary>
    /// <returns>Whether there may be more.</returns>
    public abstract Task<bool> PruneNeverSentAsync(CancellationToken cancellationToken);

    /// <summary>Deletes instances whose lease ended, and that were last seen, before a time.</summary>
    public abstract Task PruneInstancesAsync(DateTimeOffset endedBefore, CancellationToken cancellationToken);

    /// <summary>
    /// The key of an ended reservation, or its answer that nobody received and that no replica can still report.
    /// </summary>
    /// <param name="before">The parameter with the time.</param>
    public static string IsForgotten(string before) =>
        // A case, so that PostgreSQL reads by the ids.
        $"state in ('S', 'V', 'W') and case when reserved_at >= {before} then false when idem_key is not null then true "
        + $"else owed_at < {before} and owed_by not in (select id from instance) end";

    public static ReservationState ToState(string letter) => (ReservationState)letter[0];

    public static string ToLetter(ReservationState state) =>
        state switch
        {
            ReservationState.Queued => "Q",
            ReservationState.Reserved => "R",
            ReservationState.Forwarding => "F",
            ReservationState.Settled => "S",
            ReservationState.Void => "V",
            ReservationState.Unknown => "U",
            _ => "W",
        };
}

/// <param name="Last">The last id that was looked at; null: there are no more.</param>
/// <param name="IsChanged">Whether a row may have changed.</param>
internal readonly record struct FreedKeys(Guid? Last, bool IsChanged);
