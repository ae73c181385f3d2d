using Gateway.Edge.Delivery;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;

namespace Gateway.Generations;

/// <summary>A request that keeps every rule of its model.</summary>
/// <param name="Refusal">
/// Why the tenant may not make it now, by its policy or a reference; null: it may. An earlier outcome is repeated all
/// the same.
/// </param>
internal sealed record ValidatedRequest(GenerationRequest Request, RequestRefusal? Refusal)
{
    /// <summary>
    /// What a repetition must have in common; null: the request itself. Another front end sets it, so that its requests
    /// never match those of this one.
    /// </summary>
    public byte[]? RepeatHash { get; init; }

    /// <summary>Not compared: an equal request of another person is a repetition all the same.</summary>
    public RequestOrigin? Origin { get; init; }

    /// <summary>See <see cref="AnswerDelivery.WatchCaller"/>.</summary>
    public Func<bool>? IsCallerGone { get; init; }

    /// <param name="user">The label of the person who asks; null: none was named.</param>
    public ValidatedRequest From(HttpContext context, string? user) =>
        this with
        {
            Origin = RequestOrigin.From(context, user),
            IsCallerGone = AnswerDelivery.WatchCaller(context),
        };
}

/// <summary>Why a request is refused before anything is reserved.</summary>
/// <param name="Detail">In words the caller can act on.</param>
internal sealed record RequestRefusal(ProblemType Type, string Detail, IReadOnlyList<Violation> Errors)
{
    public Problem ToProblem() => new(Type, Detail) { Errors = Errors };
}
