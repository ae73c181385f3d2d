using Gateway.Edge.Problems;

namespace Gateway.Ledger.Rules;

/// <summary>A generation that the upstream accepted.</summary>
/// <param name="GenerationId">Canonical lower case.</param>
/// <param name="CostMicros">What it is charged, in micro-dollars.</param>
/// <param name="CostAmount">As the upstream stated it, when the unit is CREDITS.</param>
/// <param name="CostUnit"><c>DOLLARS</c> or <c>CREDITS</c>.</param>
internal sealed record Settlement(string GenerationId, long CostMicros, int? ApiCreditCost, string? CostAmount, string CostUnit);

/// <summary>A stated cost that is not charged: the computed price is.</summary>
/// <param name="Micros">Micro-dollars; null: not stated in dollars, or not an amount.</param>
internal sealed record ImplausibleCost(long? Micros);

/// <summary>Whether an outcome was recorded.</summary>
internal enum RecordingResult
{
    Durable,

    /// <summary>Not durable yet. It is retried until it is.</summary>
    Delayed,

    /// <summary>
    /// It contradicts the ledger, or cannot be recorded: the ledger stays as it is, and an alarm was raised.
    /// </summary>
    Conflict,
}

/// <summary>The answer to a request that made no generation, or may have made none; kept for repetitions.</summary>
/// <param name="Problem">Its name in the list of problems.</param>
internal sealed record Outcome(string Problem, int Status, string Detail, string? Reason = null, int? RetryAfter = null)
{
    /// <summary>Nothing was sent, because the caller did not wait for it. No caller gets this answer.</summary>
    public static Outcome Abandoned { get; } = new("abandoned", 499, "The caller disconnected before the request was sent.");

    /// <summary>
    /// Whether a request without a generation counts in requests-minute: what was sent does, but no 503 of the gateway.
    /// The same rule as <see cref="LedgerStore.UncountedCondition"/>.
    /// </summary>
    public bool CountsAsRequest => Status != 503 && Problem != ProblemTypes.UpstreamUnreachable.Name;

    /// <summary>Whether a repetition with the same Idempotency-Key gets this outcome again.</summary>
    public bool KeepsIdempotencyKey => ProblemTypes.All.Any(type => type.Name == Problem && type.KeepsIdempotencyKey);
}

/// <summary>
/// The outcome of a request with an Idempotency-Key: <paramref name="Settlement"/> if it was settled, else <paramref
/// name="Outcome"/>.
/// </summary>
internal sealed record StoredOutcome(Guid ReservationId, ReservationState State, Settlement? Settlement, Outcome? Outcome);

/// <summary>What the reconciler, or an operator, found out about an unknown reservation.</summary>
/// <param name="Why">Recorded in the ledger's events.</param>
internal abstract record ReconciliationResult(string Why)
{
    /// <summary>There is a generation.</summary>
    public sealed record Found(Settlement Settlement, string Why) : ReconciliationResult(Why);

    /// <summary>
    /// There is none. Refused before <see cref="UnknownReservation.FencedAt"/>, unless an operator decides it.
    /// </summary>
    /// <param name="Outcome">For operators: the Idempotency-Key is free again, so no caller gets it.</param>
    public sealed record Absent(Outcome Outcome, string Why, bool ByOperator = false) : ReconciliationResult(Why);

    /// <summary>It cannot be found out: count it as spent, before the grace is over.</summary>
    public sealed record Spent(string Why) : ReconciliationResult(Why);
}

/// <summary>An unknown reservation, as the reconciler needs it.</summary>
/// <param name="FencedAt">From then on nothing of it can be sent any more, by the store's clock.</param>
/// <param name="Now">The store's clock.</param>
internal sealed record UnknownReservation(
    Guid Id,
    string Tenant,
    Fingerprint Fingerprint,
    int Images,
    long Micros,
    DateTimeOffset ForwardedAt,
    DateTimeOffset FencedAt,
    DateTimeOffset Now
);

/// <summary>Where a tenant stands.</summary>
internal sealed record TenantUsage(IReadOnlyList<QuotaStatus> Quotas, UsageTotals Totals, QueueStatus Queue);

/// <summary>What a tenant was charged for in the running day and month.</summary>
internal sealed record UsageTotals(PeriodTotals Today, PeriodTotals Month);

internal sealed record PeriodTotals(long Generations, long Images, long Micros);
