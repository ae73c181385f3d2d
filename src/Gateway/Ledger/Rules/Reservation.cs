using Gateway.Edge.Http;

namespace Gateway.Ledger.Rules;

/// <summary>One row of the ledger: what was requested, and its state.</summary>
internal sealed record Reservation
{
    public required Guid Id { get; init; }
    public required string Tenant { get; init; }
    public required ReservationState State { get; init; }

    /// <summary>Counts changes; the second guard beside the lock.</summary>
    public long Version { get; init; }

    public required int Images { get; init; }

    /// <summary>What is held: <see cref="Price"/> times the ratio that was in force, in micro-dollars.</summary>
    public required long Micros { get; init; }

    /// <summary>The computed price where <see cref="Micros"/> is more; null: they are equal.</summary>
    public long? RaisedFrom { get; init; }

    /// <summary>The computed price: what a stated cost is compared with.</summary>
    public long Price => RaisedFrom ?? Micros;

    /// <summary>What S and W count as spent.</summary>
    public long? Charged { get; init; }

    /// <summary>Fixed when it was made (INV-10): midnight changes nothing.</summary>
    public required string Day { get; init; }
    public required string Month { get; init; }

    /// <summary>Counts the tenant's reservations.</summary>
    public required long Sequence { get; init; }

    /// <summary>Counts all that was forwarded to the account.</summary>
    public long? Sent { get; init; }

    /// <summary>Null: none was sent, or it is free again.</summary>
    public string? IdempotencyKey { get; init; }
    public required byte[] BodyHash { get; init; }
    public required Fingerprint Fingerprint { get; init; }

    /// <summary>The job that it belongs to; null: its caller waits for it.</summary>
    public Guid? JobId { get; init; }

    /// <summary>Whether the gateway drew the seed of a job, so that it draws another one if it tries again.</summary>
    public bool SeedDrawn { get; init; }

    /// <summary>The process that may send it: the one that reserved it, or that claimed the job.</summary>
    public required Guid Instance { get; init; }
    public required DateTimeOffset ReservedAt { get; init; }
    public DateTimeOffset? ForwardedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Holds a slot of the account until then; null: holds none.</summary>
    public DateTimeOffset? RunningUntil { get; init; }

    /// <summary>From then on nothing of it can be sent any more.</summary>
    public DateTimeOffset? FencedAt { get; init; }
    public Settlement? Settlement { get; init; }
    public Outcome? Outcome { get; init; }

    /// <summary>
    /// The process at which a caller waits for the answer; <see cref="Nobody"/>: the caller is gone, and the next equal
    /// request gets it; null: it was delivered, or no repeat may get it.
    /// </summary>
    public Guid? OwedBy { get; init; }

    /// <summary>Since when. Different for each caller, so that a report of an earlier one changes nothing.</summary>
    public DateTimeOffset? OwedAt { get; init; }

    /// <summary>Whether that caller waits for the images: its answer comes later than the settlement.</summary>
    public bool CallerWaits { get; init; }

    /// <summary>Null: no person is named.</summary>
    public string? User { get; init; }

    /// <summary>Written when it is made, and read by operators alone.</summary>
    public RequestOrigin? Origin { get; init; }

    public static Guid Nobody => Guid.Empty;

    private static readonly Outcome WrittenOffOutcome = new(
        "outcome-unknown",
        504,
        "The outcome of this request could not be determined, so it is counted as spent. Use a new Idempotency-Key to try again."
    );

    /// <summary>The balances it counts in.</summary>
    public IEnumerable<(string Tenant, string Period)> Windows =>
        [(Tenant, Day), (Tenant, Month), (WindowRow.OrganizationKey, Day), (WindowRow.OrganizationKey, Month)];

    /// <summary>What it counts as spent.</summary>
    public PeriodTotals Spent =>
        State.IsSpent() ? new(State == ReservationState.Settled ? 1 : 0, Images, Charged!.Value) : new PeriodTotals(0, 0, 0);

    /// <summary>From held to held (L2, L5) no balance changes.</summary>
    public bool CountsLike(Reservation? before) =>
        before is not null && (before.State == State || (before.State.IsHeld() && State.IsHeld()));

    /// <summary>With the next version.</summary>
    /// <param name="before">Null: it is new.</param>
    public Reservation Following(Reservation? before) => this with { Version = (before?.Version ?? 0) + 1 };

    /// <summary>Counts among the tenant's concurrent generations.</summary>
    public bool IsActive => State == ReservationState.Reserved || RunningUntil is not null;

    /// <summary>Counts among the requests of its minute.</summary>
    public bool CountsAsRequest => State != ReservationState.Void || Outcome is { CountsAsRequest: true };

    /// <summary>An open reservation keeps its key at any age: a repetition must not be paid twice.</summary>
    public bool HasKeyAt(DateTimeOffset now, TimeSpan window) =>
        IdempotencyKey is not null && (State.IsHeld() || now - ReservedAt < window);

    /// <summary>
    /// Whether no indexed column differs, apart from the state: <see cref="LedgerStore.IndexedColumns"/>.
    /// </summary>
    public bool IsIndexedAs(Reservation other) =>
        (Sent, IdempotencyKey, ForwardedAt, RunningUntil, OwedBy, Instance)
        == (other.Sent, other.IdempotencyKey, other.ForwardedAt, other.RunningUntil, other.OwedBy, other.Instance);

    /// <summary>Counted as spent at its price, because its outcome could not be determined.</summary>
    public Reservation WrittenOff(DateTimeOffset now) =>
        (
            this with
            {
                State = ReservationState.WrittenOff,
                Outcome = WrittenOffOutcome,
                Charged = Micros,
                RunningUntil = null,
                EndedAt = now,
            }
        ).WithoutCaller(now);

    /// <summary>Its caller is gone, or got only an error: a repeat may get the answer from now on.</summary>
    public Reservation OwedByNobody(DateTimeOffset now) => OwedBy is null ? this : Owe(Nobody, now);

    /// <summary>As it ends without its caller. The caller of a job waits for the job, not for this attempt.</summary>
    public Reservation WithoutCaller(DateTimeOffset now) => JobId is null ? OwedByNobody(now) : this;

    public Reservation Owe(Guid by, DateTimeOffset now) =>
        this with
        {
            OwedBy = by,
            OwedAt = OwedAt >= now ? OwedAt.Value.AddMicroseconds(1) : now,
        };

    public StoredOutcome Stored() =>
        new(Id, State, State == ReservationState.Settled ? Settlement : null, State == ReservationState.Settled ? null : Outcome);
}
