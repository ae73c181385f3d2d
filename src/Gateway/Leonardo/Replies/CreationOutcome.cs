using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// The outcome of one <c>POST /v2/generations</c> to the upstream. It alone decides the reservation's next transition:
/// settle (L3), release (L4) or unknown (L5).
/// </summary>
internal abstract record CreationOutcome
{
    private CreationOutcome() { }

    /// <summary>The generation exists and is paid for.</summary>
    /// <param name="GenerationId">Canonical lower case.</param>
    public sealed record Accepted(string GenerationId, UpstreamCost Cost) : CreationOutcome;

    /// <summary>Certainly no generation: refused, or never sent. Nothing is charged.</summary>
    public sealed record Refused(ProblemType Problem, string Detail, string? Reason = null, int? RetryAfter = null) : CreationOutcome
    {
        /// <summary>For the operator, where nothing was sent: see <see cref="ConnectionFailure"/>.</summary>
        public string? Why { get; init; }
    }

    /// <summary>There may be a generation. The request is never sent again; the quota stays held.</summary>
    /// <param name="Why">For the operator and the ledger; never the upstream's own text.</param>
    public sealed record Unknown(string Why, bool TimedOut = false) : CreationOutcome;
}

/// <summary>The cost as the upstream stated it; each part is null where it did not.</summary>
/// <param name="Micros">Micro-dollars, when the unit is DOLLARS and the amount is plausible.</param>
/// <param name="Credits">The amount as text, when the unit is CREDITS.</param>
internal sealed record UpstreamCost(long? Micros, string? Credits, int? ApiCreditCost);
