using Gateway.Edge.Problems;

namespace Gateway.Leonardo.Replies;

/// <summary>What became of one <c>POST /v2/generations</c> to the upstream. The ledger moves by this and nothing else (ledger, section 4).</summary>
internal abstract record CreationOutcome
{
    private CreationOutcome() { }

    /// <summary>There is a generation. It is paid for.</summary>
    /// <param name="GenerationId">Canonical lower case.</param>
    public sealed record Accepted(string GenerationId, UpstreamCost Cost) : CreationOutcome;

    /// <summary>There is none, for certain: refused, or never sent. Nothing is charged.</summary>
    public sealed record Refused(ProblemType Problem, string Detail, string? Reason = null, int? RetryAfter = null) : CreationOutcome;

    /// <summary>There may be one. It is never sent again; the quota stays held.</summary>
    /// <param name="Why">For the operator and the ledger; our own words, never the upstream's.</param>
    public sealed record Unknown(string Why, bool TimedOut = false) : CreationOutcome;
}

/// <summary>The cost as the upstream stated it, where it did.</summary>
/// <param name="Micros">Micro-dollars, when the unit is DOLLARS and the amount is sane.</param>
/// <param name="Credits">The amount as text, when the unit is CREDITS.</param>
internal sealed record UpstreamCost(long? Micros, string? Credits, int? ApiCreditCost)
{
    public static readonly UpstreamCost Unstated = new(null, null, null);
}
