using System.Globalization;
using Gateway.Edge.Documentation;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>Adds to each response the headers that it carries.</summary>
internal sealed class ResponseHeaders : IOperationFilter, IDocumentFilter
{
    private readonly List<(ResponseHeader Header, Func<DocumentedOperation, int, bool> AppliesTo)> _headers;
    private readonly Dictionary<ResponseHeader, string> _components = new(ReferenceEqualityComparer.Instance);

    public ResponseHeaders(IOptions<ApiDocumentation> documentation)
    {
        _headers = documentation.Value.Headers;
        foreach (var (header, _) in _headers)
        {
            // A header that means different things in different responses is a component for each of them.
            var earlier = _components.Keys.Count(other => other != header && other.Name == header.Name);
            _components.TryAdd(header, earlier == 0 ? header.Name : $"{header.Name}-{earlier + 1}");
        }
    }

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var documented = context.ApiDescription.ToOperation();
        foreach (var (status, response) in operation.Responses!)
        {
            var code = int.Parse(status, CultureInfo.InvariantCulture);
            ((OpenApiResponse)response).Headers = _headers
                .Where(header => header.AppliesTo(documented, code))
                .ToDictionary(
                    header => header.Header.Name,
                    header => (IOpenApiHeader)new OpenApiHeaderReference(_components[header.Header], context.Document),
                    StringComparer.Ordinal
                );
        }
    }

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var used = swaggerDoc
            .Paths.Values.SelectMany(path => path.Operations!.Values)
            .SelectMany(operation => operation.Responses!.Values)
            .SelectMany(response => response.Headers!.Values)
            .Select(header => ((OpenApiHeaderReference)header).Reference.Id)
            .ToHashSet(StringComparer.Ordinal);
        swaggerDoc.Components!.Headers = _components
            .Where(component => used.Contains(component.Value))
            .ToDictionary(
                component => component.Value,
                component =>
                    (IOpenApiHeader)
                        new OpenApiHeader
                        {
                            Description = component.Key.Description,
                            Required = component.Key.Always,
                            Schema = component.Key.Schema,
                        },
                StringComparer.Ordinal
            );
    }
}
