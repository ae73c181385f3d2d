using Gateway.Edge;
using Gateway.Edge.Documentation;
using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace Gateway.OpenApi;

internal static class OperationDescription
{
    /// <summary>The features describe a route once; it is served under every prefix.</summary>
    public static DocumentedOperation ToOperation(this ApiDescription description)
    {
        var path = "/" + description.RelativePath;
        var prefix = RoutePrefixes.All.First(prefix => prefix.Length > 0);
        return new(
            description.HttpMethod!,
            path.StartsWith(prefix, StringComparison.Ordinal) ? path[prefix.Length..] : path,
            [.. description.ActionDescriptor.EndpointMetadata]
        );
    }
}
