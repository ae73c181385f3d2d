using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// The outcome of a call that costs nothing and may be repeated: a read, a delete, a request for an upload form.
/// </summary>
internal abstract record ApiOutcome<T>
{
    private ApiOutcome() { }

    public sealed record Found(T Value) : ApiOutcome<T>;

    /// <summary>The upstream has no such object.</summary>
    public sealed record Missing : ApiOutcome<T>;

    /// <summary>The upstream answered with a refusal.</summary>
    /// <param name="RetryAfter">Seconds.</param>
    public sealed record Refused(ProblemType Problem, string Detail, int? RetryAfter = null) : ApiOutcome<T>;

    /// <summary>No answer, or none that can be trusted.</summary>
    /// <param name="Why">
    /// For the operator, as <see cref="ConnectionFailure"/> words it; never the upstream's own text.
    /// </param>
    public sealed record Unclear(string Why) : ApiOutcome<T>;

    /// <summary>A metric label.</summary>
    public string ToLabel() =>
        this switch
        {
            Found => "found",
            Missing => "missing",
            Refused => "refused",
            _ => "unclear",
        };

    /// <summary>For the list of recent errors; null: the call succeeded.</summary>
    public (ProblemType Problem, string Why)? Fault =>
        this switch
        {
            Refused refused => (refused.Problem, ConnectionFailure.Answer(refused.Problem.Name)),
            Unclear unclear => (ProblemTypes.UpstreamUnreachable, unclear.Why),
            _ => null,
        };

    /// <summary>For the caller on whose behalf the call was made.</summary>
    public Problem ToProblem() =>
        this switch
        {
            Refused refused => new Problem(refused.Problem, refused.Detail)
            {
                RetryAfter = refused.RetryAfter,
                Reason = refused.Problem == ProblemTypes.UpstreamRejected ? "other" : null,
            },
            Missing => new Problem(ProblemTypes.UpstreamRejected, "Leonardo no longer has this object. Nothing was charged.")
            {
                Reason = "reference",
            },
            _ => new Problem(
                ProblemTypes.UpstreamUnreachable,
                "Leonardo gave no answer that can be trusted. This call costs nothing; try it again."
            ),
        };
}
