namespace Gateway.Edge.Problems;

/// <summary>Says of an endpoint which refusals it can give, for the OpenAPI document.</summary>
internal sealed record ProducesProblemsMetadata(IReadOnlyList<ProblemType> Types);

internal static class ProducesProblemsExtensions
{
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder route, params ProblemType[] types) =>
        route.WithMetadata(new ProducesProblemsMetadata(types));
}
