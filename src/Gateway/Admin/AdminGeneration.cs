using System.Text.Json.Serialization;

namespace Gateway.Admin;

/// <param name="Next">For <c>before</c>, where there may be more; else null.</param>
internal sealed record AdminGenerations(IReadOnlyList<AdminGeneration> Generations, string? Next);

/// <summary>A reservation as the ledger has it. The prompt is not there.</summary>
/// <param name="State"><c>reserved</c>, <c>forwarding</c>, <c>unknown</c>, <c>settled</c>, <c>released</c> or <c>written-off</c>.</param>
/// <param name="Usd">The price known before it was sent.</param>
/// <param name="ChargedUsd">What was charged; null: nothing.</param>
/// <param name="Seed">With the model and the size it finds the generation in Leonardo's own list.</param>
/// <param name="RunningUntil">It holds a slot of the account until then, if nobody reports its end before; null: it holds none.</param>
/// <param name="StuckSince">Its generation was still pending past <c>Leonardo:GenerationDeadline</c>, and is; it holds no slot any more.</param>
/// <param name="FencedAt">Of an unknown one: from then on it is certain that nothing of it is sent any more.</param>
/// <param name="Problem">What the caller was told.</param>
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
    string? Reason
)
{
    [JsonIgnore]
    public long PriceMicros { get; init; }
}

/// <summary>For the audit.</summary>
internal sealed record SettleDetail(string? GenerationId);
