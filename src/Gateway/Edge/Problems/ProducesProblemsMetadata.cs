namespace Gateway.Edge.Problems;

/// <summary>The refusals that an endpoint can give, for the OpenAPI document.</summary>
internal sealed record ProducesProblemsMetadata(IReadOnlyList<ProblemType> Types);

internal static class ProducesProblemsExtensions
{
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder route, params ProblemType[] types) =>
        route.WithMetadata(new ProducesProblemsMetadata(types));
}
