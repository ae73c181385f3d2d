namespace Gateway.Edge.Problems;

/// <summary>Says of an endpoint which refusals it can give, for the OpenAPI document.</summary>
internal sealed record RefusesWith(IReadOnlyList<ProblemType> Types);

internal static class RefusesWithExtensions
{
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ProblemType[] types) =>
        route.WithMetadata(new RefusesWith(types));
}
