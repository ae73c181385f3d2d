namespace Gateway.Edge.Documentation;

/// <summary>The name of an operation in the OpenAPI document. Generators make the names of methods from it.</summary>
internal sealed record OperationIdMetadata(string Id);

internal static class OperationIdExtensions
{
    /// <summary>An endpoint's own name could not be used: most routes are mapped twice, and names are unique.</summary>
    /// <param name="id">Verb first, in lower camel case, letters only: <c>createGeneration</c>.</param>
    public static RouteHandlerBuilder WithOperationId(this RouteHandlerBuilder route, string id) =>
        route.WithMetadata(new OperationIdMetadata(id));
}
