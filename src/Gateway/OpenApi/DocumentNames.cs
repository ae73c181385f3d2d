using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace Gateway.OpenApi;

/// <summary>The tenants' document and the operators', and which routes each of them lists.</summary>
internal static class DocumentNames
{
    public const string Tenants = "v1";
    public const string Operators = "admin";

    /// <summary>
    /// HEAD works wherever GET does, and every route for tenants is also served under <c>/api/rest</c>: listed, they
    /// would only be noise for generators.
    /// </summary>
    public static bool Includes(string document, ApiDescription description) =>
        !HttpMethods.IsHead(description.HttpMethod!)
        && description.RelativePath is { } path
        && (
            document == Operators
                ? path.StartsWith("admin/", StringComparison.Ordinal)
                : path.StartsWith("v1/", StringComparison.Ordinal) || path.StartsWith("v2/", StringComparison.Ordinal)
        );
}
