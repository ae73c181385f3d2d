using Gateway.Edge.Problems;

namespace Gateway.Generations;

/// <summary>A request that keeps every rule of its model.</summary>
/// <param name="Refusal">
/// Why the tenant may not make it now, by its policy or a reference; null: it may. An earlier outcome is repeated all
/// the same.
/// </param>
internal sealed record ValidatedRequest(GenerationRequest Request, RequestRefusal? Refusal);

/// <summary>Why a request is refused before anything is reserved.</summary>
/// <param name="Detail">In words the caller can act on.</param>
internal sealed record RequestRefusal(ProblemType Type, string Detail, IReadOnlyList<Violation> Errors)
{
    public Problem ToProblem() => new(Type, Detail) { Errors = Errors };
}
