using System.Text.Json.Serialization;

namespace Gateway.Admin;

/// <param name="Next">The value of <c>before</c> for the next request; null: there are no more.</param>
internal sealed record AdminGenerations(IReadOnlyList<AdminGeneration> Generations, string? Next);

/// <summary>A reservation as the ledger stores it. The prompt is not stored.</summary>
/// <param name="State">
/// <c>queued</c>, <c>reserved</c>, <c>forwarding</c>, <c>unknown</c>, <c>settled</c>, <c>released</c> or
/// <c>written-off</c>.
/// </param>
/// <param name="Usd">What was reserved: the computed price, times the price ratio that was in force.</param>
/// <param name="ChargedUsd">What was charged; null: nothing.</param>
/// <param name="Seed">Together with the model and the size it identifies the generation in Leonardo's own list.</param>
/// <param name="RunningUntil">
/// It holds a slot of the account until then, unless its end is seen earlier; null: it holds none.
/// </param>
/// <param name="StuckSince">
/// Since then its generation has been pending past <c>Leonardo:GenerationDeadline</c>; it no longer holds a slot.
/// </param>
/// <param name="FencedAt">For an unknown outcome: from then on it is certain that nothing more is sent for it.</param>
/// <param name="Problem">The problem that the caller got.</param>
/// <param name="User">The person that the request named; null: none.</param>
/// <param name="RequestId">The <c>X-Request-Id</c> of the request that made it.</param>
/// <param name="TraceId">Its trace: the <c>traceId</c> of its problem, and in the log.</param>
internal sealed record AdminGeneration(
    string ReservationId,
    string Tenant,
    string State,
    long Images,
    string Usd,
    string? ChargedUsd,
    string Model,
    long Width,
    long Height,
    long Seed,
    DateTime ReservedAt,
    DateTime? ForwardedAt,
    DateTime? EndedAt,
    DateTime? RunningUntil,
    DateTime? StuckSince,
    DateTime? FencedAt,
    string? GenerationId,
    string? Problem,
    long? Status,
    string? Reason,
    string? User,
    string? RequestId,
    string? TraceId
)
{
    [JsonIgnore]
    public long ReservedMicros { get; init; }
}

/// <summary>The audit line's detail.</summary>
internal sealed record SettleDetail(string? GenerationId);
