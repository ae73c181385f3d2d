using Gateway.Edge.Documentation;
using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace Gateway.OpenApi;

internal static class OperationDescription
{
    public static DocumentedOperation ToOperation(this ApiDescription description) =>
        new(description.HttpMethod!, "/" + description.RelativePath, [.. description.ActionDescriptor.EndpointMetadata]);

    public static string? GetId(this ApiDescription description) =>
        description.ActionDescriptor.EndpointMetadata.OfType<OperationIdMetadata>().FirstOrDefault()?.Id;
}
