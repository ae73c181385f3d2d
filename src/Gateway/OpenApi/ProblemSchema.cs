using System.Text.Json.Nodes;
using Gateway.Edge;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>The one schema of every refusal.</summary>
internal sealed class ProblemSchema : IDocumentFilter
{
    public const string Name = "Problem";

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Components ??= new OpenApiComponents();
        swaggerDoc.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        swaggerDoc.Components.Schemas[Name] = Schema();
    }

    private static OpenApiSchema Schema()
    {
        var type = Text("Which refusal; the page under this address says what it means and what to do.");
        type.Enum = [.. Problems.All.Select(problem => (JsonNode)problem.Uri)];
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "A refusal (RFC 9457).",
            Required = new HashSet<string>(["type", "title", "status", "detail", "instance", "traceId"], StringComparer.Ordinal),
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
            {
                ["type"] = type,
                ["title"] = Text("The same words for every occurrence."),
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
                ["detail"] = Text("This occurrence, and what to do about it."),
                ["instance"] = Text("The request, as a URN of its X-Request-Id."),
                ["traceId"] = Text("By this the operator finds the request in logs and traces."),
                ["reason"] = Text("upstream-rejected: validation, moderation, reference or other."),
                ["reservationId"] = Text("outcome-unknown: names what is held until the outcome is known."),
                ["violated-policies"] = List(Text("The name of a quota."), "quota-exceeded: which quotas do not admit the request."),
                ["errors"] = List(
                    new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                        {
                            ["pointer"] = Text("Where (RFC 6901, as a fragment): #/parameters/width."),
                            ["code"] = Text("What, stable: out-of-range."),
                            ["detail"] = Text("What is allowed there."),
                        },
                    },
                    "validation, policy: every fault of the request."
                ),
            },
        };
    }

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema List(OpenApiSchema items, string description) =>
        new()
        {
            Type = JsonSchemaType.Array,
            Items = items,
            Description = description,
        };
}
