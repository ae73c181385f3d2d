using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;
using Gateway.Results;

namespace Gateway.Generations;

/// <summary>
/// How a request for images ended. The same for every front end, which maps it to an answer of its protocol.
/// </summary>
internal abstract record CreationResult
{
    private CreationResult() { }

    /// <summary>
    /// The outcome of an earlier request with this Idempotency-Key: nothing was sent or charged for this one.
    /// </summary>
    public bool IsReplay { get; init; }

    /// <summary>The outcome of an earlier request is this one's.</summary>
    public static CreationResult Replay(StoredOutcome stored) =>
        stored switch
        {
            { Settlement: { } settlement } => new Settled(settlement, IsDurable: true) { IsReplay = true },
            { State: ReservationState.Void } => new NotMade(stored.ReservationId, stored.Outcome!) { IsReplay = true },
            _ => new Unknown(stored.ReservationId, stored.Outcome!) { IsReplay = true },
        };

    /// <summary>By which the front end reports whether the caller got it; null: it had an Idempotency-Key.</summary>
    public PendingAnswer? Answer { get; init; }

    /// <summary>There is a generation, and it is charged.</summary>
    /// <param name="IsDurable">
    /// False: the store is unavailable. The ledger records the settlement as soon as it can.
    /// </param>
    public sealed record Settled(Settlement Settlement, bool IsDurable) : CreationResult
    {
        /// <summary>The caller asked to wait, and the generation has not been deleted since.</summary>
        public bool HasWaited { get; init; }

        /// <summary>As it was at the end of the wait; null: there was none, or the store was unavailable.</summary>
        public StoredGeneration? Generation { get; init; }

        /// <summary>Nothing about it is still to come, as far as the caller asked.</summary>
        public bool IsComplete => IsDurable && (!HasWaited || Generation is { IsEnded: true });
    }

    /// <summary>It is a job: held, stored, and sent when its turn comes.</summary>
    public sealed record Queued(Guid JobId) : CreationResult;

    /// <summary>Leonardo refused it, or it was never sent. Nothing was charged.</summary>
    public sealed record NotMade(Guid ReservationId, Outcome Outcome) : CreationResult
    {
        /// <summary>It belongs to an equal request without a key, whose caller has gone.</summary>
        public bool IsPassedOn { get; init; }
    }

    /// <summary>
    /// It was sent, and there may be a generation: the quota stays held until the reconciler has found out.
    /// </summary>
    public sealed record Unknown(Guid ReservationId, Outcome Outcome) : CreationResult;

    /// <summary>The tenant's policy or a reference does not allow it. Nothing was reserved.</summary>
    public sealed record Refused(RequestRefusal Refusal) : CreationResult;

    /// <summary>Nothing was reserved.</summary>
    /// <param name="Violated">Each quota that would be exceeded.</param>
    /// <param name="RetryAfter">Seconds until all of them may admit it; null: one of them never does.</param>
    public sealed record QuotaExceeded(IReadOnlyList<ExceededQuota> Violated, int? RetryAfter) : CreationResult;

    /// <summary>The first request with this Idempotency-Key has no outcome yet.</summary>
    /// <param name="RetryAfter">Seconds.</param>
    public sealed record InProgress(int RetryAfter) : CreationResult;

    /// <summary>This Idempotency-Key was used for another request.</summary>
    public sealed record Mismatch : CreationResult;

    /// <summary>No slot of the organisation's account became free in time. Nothing was sent.</summary>
    /// <param name="RetryAfter">Seconds.</param>
    public sealed record Saturated(int RetryAfter) : CreationResult;

    /// <summary>The ledger could not decide. Nothing was sent.</summary>
    /// <param name="RetryAfter">Seconds.</param>
    public sealed record Unavailable(string Detail, int RetryAfter) : CreationResult;
}
