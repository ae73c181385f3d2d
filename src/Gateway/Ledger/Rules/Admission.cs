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
    public sealed record Admitted(Guid ReservationId, DateTimeOffset At, IReadOnlyList<QuotaStatus> Quotas, long LeaseDeadline) : Admission;

    /// <summary>This Idempotency-Key has an outcome, which is the answer again.</summary>
    public sealed record Replayed(StoredOutcome Outcome) : Admission;

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
