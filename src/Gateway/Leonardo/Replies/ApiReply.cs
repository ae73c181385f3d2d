using Gateway.Edge.Problems;

namespace Gateway.Leonardo.Replies;

/// <summary>What became of a call that costs nothing: a read, a delete, a request for an upload form. All of them may be repeated.</summary>
internal abstract record ApiReply<T>
{
    private ApiReply() { }

    public sealed record Found(T Value) : ApiReply<T>;

    /// <summary>The upstream knows no such thing.</summary>
    public sealed record Missing : ApiReply<T>;

    /// <summary>The upstream answered, and will not do it.</summary>
    /// <param name="RetryAfter">Seconds.</param>
    public sealed record Refused(ProblemType Problem, string Detail, int? RetryAfter = null) : ApiReply<T>;

    /// <summary>No answer, or none that can be trusted.</summary>
    /// <param name="Why">For the operator; our own words.</param>
    public sealed record Unclear(string Why) : ApiReply<T>;

    /// <summary>For figures.</summary>
    public string Word =>
        this switch
        {
            Found => "found",
            Missing => "missing",
            Refused => "refused",
            _ => "unclear",
        };

    /// <summary>The problem it is an instance of, and why; null: it is an answer.</summary>
    public (ProblemType Problem, string? Why)? Fault =>
        this switch
        {
            Refused refused => (refused.Problem, null),
            Unclear unclear => (ProblemTypes.UpstreamUnreachable, unclear.Why),
            _ => null,
        };

    public ApiReply<TOther> To<TOther>(Func<T, ApiReply<TOther>> found) =>
        this switch
        {
            Found hit => found(hit.Value),
            Missing => new ApiReply<TOther>.Missing(),
            Refused refused => new ApiReply<TOther>.Refused(refused.Problem, refused.Detail, refused.RetryAfter),
            Unclear unclear => new ApiReply<TOther>.Unclear(unclear.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>For the caller, where the call was made on its behalf.</summary>
    public Problem ToProblem() =>
        this switch
        {
            Refused refused => new Problem(refused.Problem, refused.Detail)
            {
                RetryAfter = refused.RetryAfter,
                Reason = refused.Problem == ProblemTypes.UpstreamRejected ? "other" : null,
            },
            Missing => new Problem(ProblemTypes.UpstreamRejected, "Leonardo knows no such thing any more.") { Reason = "reference" },
            _ => new Problem(
                ProblemTypes.UpstreamUnreachable,
                "Leonardo gave no answer that can be trusted. Nothing is charged for this call; try it again."
            ),
        };
}
