namespace Gateway.Ledger.Rules;

/// <summary>The answer to a request for quota. Only <see cref="Admitted"/> may be sent.</summary>
internal abstract record Admission
{
    private Admission() { }

    /// <summary>Held, marked as forwarded, and durable.</summary>
    /// <param name="At">By the store's clock.</param>
    /// <param name="LeaseDeadline">
    /// Timestamp of the <see cref="TimeProvider"/> after which the first byte must not be sent: see <see
    /// cref="QuotaLedger.HoldsLease"/>.
    /// </param>
    /// <param name="Answer">By which its delivery is reported; null: it has an Idempotency-Key.</param>
    public sealed record Admitted(
        Guid ReservationId,
        DateTimeOffset At,
        IReadOnlyList<QuotaStatus> Quotas,
        long LeaseDeadline,
        AnswerClaim? Answer
    ) : Admission;

    /// <summary>
    /// An earlier request with this Idempotency-Key, or an equal one without a key, has an outcome: it is the answer.
    /// </summary>
    /// <param name="Answer">By which its delivery is reported; null: it need not be.</param>
    public sealed record Replayed(StoredOutcome Outcome, AnswerClaim? Answer = null) : Admission;

    /// <summary>An equal request whose caller is gone is still running: its outcome is the answer.</summary>
    public sealed record Joined(AnswerClaim Answer) : Admission;

    /// <summary>
    /// Another replica has an equal request, and has not said yet whether its answer is delivered. Nothing is decided.
    /// </summary>
    /// <param name="At">The store's time of the first such answer.</param>
    public sealed record OwedElsewhere(DateTimeOffset At) : Admission;

    /// <summary>The request is accepted as a job, or was before.</summary>
    /// <param name="Answer">By which its delivery is reported; null: it has an Idempotency-Key.</param>
    public sealed record Queued(Guid JobId, AnswerClaim? Answer, IReadOnlyList<QuotaStatus>? Quotas, bool IsReplay) : Admission;

    /// <summary>The first request with this Idempotency-Key is not finished.</summary>
    public sealed record InProgress(int RetryAfter) : Admission;

    /// <summary>This Idempotency-Key belongs to another body.</summary>
    public sealed record Mismatch : Admission;

    /// <summary>Nothing was reserved.</summary>
    /// <param name="Violated">Each quota that would be overspent.</param>
    /// <param name="RetryAfter">Seconds until all of them may admit it; null: one of them never does.</param>
    public sealed record Exceeded(IReadOnlyList<ExceededQuota> Violated, int? RetryAfter, IReadOnlyList<QuotaStatus> Quotas) : Admission;

    /// <summary>No slot of the account was free in time. What was reserved is released.</summary>
    public sealed record Saturated(int RetryAfter) : Admission;

    /// <summary>The ledger could not decide, or not durably. Nothing may be sent.</summary>
    public sealed record Unavailable(int RetryAfter, string Detail) : Admission;
}

/// <summary>A caller waits for the answer to this reservation, which may be another request's.</summary>
/// <param name="Since">Different for each caller of the same reservation.</param>
/// <param name="JobId">Null: it is no job. A job that is tried again gets another reservation.</param>
internal sealed record AnswerClaim(Guid ReservationId, DateTimeOffset Since, Guid? JobId = null);
