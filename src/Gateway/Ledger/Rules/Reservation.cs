namespace Gateway.Ledger.Rules;

/// <summary>One row of the book: what was asked for, and where it stands.</summary>
internal sealed record Reservation
{
    public required Guid Id { get; init; }
    public required string Tenant { get; init; }
    public required ReservationState State { get; init; }

    /// <summary>Counts changes; the second guard beside the lock.</summary>
    public long Version { get; init; }

    public required int Images { get; init; }
    public required long Micros { get; init; }

    /// <summary>What S and W count as spent.</summary>
    public long? Charged { get; init; }

    /// <summary>Fixed when it was made: midnight moves nothing.</summary>
    public required string Day { get; init; }
    public required string Month { get; init; }

    /// <summary>Counts the tenant's reservations.</summary>
    public required long Sequence { get; init; }

    /// <summary>Counts all that was forwarded to the account.</summary>
    public long? Sent { get; init; }

    /// <summary>Null: none was given, or it is free again.</summary>
    public string? IdempotencyKey { get; init; }
    public required byte[] BodyHash { get; init; }
    public required Fingerprint Fingerprint { get; init; }

    /// <summary>The process that made it, and alone may send it.</summary>
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

    private static readonly Outcome WrittenOffOutcome = new(
        "outcome-unknown",
        504,
        "It never became known what Leonardo made of this request. It is counted as spent; use a new Idempotency-Key to try again."
    );

    /// <summary>Counts among the tenant's concurrent generations.</summary>
    public bool IsActive => State == ReservationState.Reserved || RunningUntil is not null;

    /// <summary>An open one keeps its key however old it is: a repetition must not be paid twice.</summary>
    public bool HasKeyAt(DateTimeOffset now, TimeSpan window) =>
        IdempotencyKey is not null && (State.IsHeld() || now - ReservedAt < window);

    /// <summary>Whether indexes find it by the same values, but for its state: <see cref="LedgerStore.IndexedColumns"/>.</summary>
    public bool IsIndexedAs(Reservation other) =>
        (Sent, IdempotencyKey, ForwardedAt, RunningUntil) == (other.Sent, other.IdempotencyKey, other.ForwardedAt, other.RunningUntil);

    /// <summary>Counted as spent at its price, because nobody found out.</summary>
    public Reservation WrittenOff(DateTimeOffset now) =>
        this with
        {
            State = ReservationState.WrittenOff,
            Outcome = WrittenOffOutcome,
            Charged = Micros,
            RunningUntil = null,
            EndedAt = now,
        };

    public StoredOutcome Stored() =>
        new(Id, State, State == ReservationState.Settled ? Settlement : null, State == ReservationState.Settled ? null : Outcome);
}
