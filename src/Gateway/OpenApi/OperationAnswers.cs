using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Edge;
using Gateway.Generations;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>Adds to each operation the refusals it can give, grouped by status, with an example of each problem.</summary>
internal sealed class OperationAnswers : IOperationFilter
{
    /// <summary>The guide's example (https://docs.leonardo.ai/docs/flux-2-pro), without its references, which exist in nobody's account.</summary>
    private const string GuidesExample = """
        {
          "public": false,
          "model": "flux-pro-2.0",
          "parameters": { "prompt": "A cat wearing a hat", "quantity": 1, "width": 1440, "height": 1440, "seed": 4294967295 }
        }
        """;

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        operation.Responses ??= [];
        operation.Parameters ??= [];
        foreach (var header in metadata.OfType<TakesHeader>())
        {
            operation.Parameters.Add(
                new OpenApiParameter
                {
                    Name = header.Name,
                    In = ParameterLocation.Header,
                    Description = header.Description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                    Examples = new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal)
                    {
                        [header.Name] = new OpenApiExample { Value = header.Example },
                    },
                }
            );
        }
        if (context.ApiDescription.ParameterDescriptions.Any(parameter => parameter.Type == typeof(GenerationBody)))
        {
            foreach (var body in operation.RequestBody!.Content!.Values.OfType<OpenApiMediaType>())
                body.Example = JsonNode.Parse(GuidesExample);
        }
        foreach (
            var group in metadata
                .OfType<RefusesWith>()
                .SelectMany(refuses => refuses.Types)
                .GroupBy(type => type.Status)
                .OrderBy(group => group.Key)
        )
            operation.Responses[group.Key.ToString(CultureInfo.InvariantCulture)] = Response(group, context.Document);
    }

    private static OpenApiResponse Response(IGrouping<int, ProblemType> types, OpenApiDocument document) =>
        new()
        {
            Description = string.Join("; ", types.Select(type => $"[`{type.Name}`]({type.Uri}): {type.Title}")),
            Content = new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/problem+json"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference(ProblemSchema.Name, document),
                    Examples = types.ToDictionary(
                        type => type.Name,
                        type => (IOpenApiExample)new OpenApiExample { Summary = type.Title, Value = Example(type) },
                        StringComparer.Ordinal
                    ),
                },
            },
        };

    private static JsonObject Example(ProblemType type)
    {
        var example = new JsonObject
        {
            ["type"] = type.Uri,
            ["title"] = type.Title,
            ["status"] = type.Status,
            ["detail"] = type.Meaning,
            ["instance"] = "urn:request:019aac5b8e7c7d1f9b3c2a1d0e4f5a6b",
            ["traceId"] = "4bf92f3577b34da6a3ce929d0e0e4736",
        };
        if (type == Problems.Validation)
            example["errors"] = new JsonArray(Error("#/parameters/width", "out-of-range", "must be from 256 to 1440 (pixels)"));
        if (type == Problems.Policy)
            example["errors"] = new JsonArray(
                Error("#/public", "public-not-allowed", "must be false: this tenant may not publish to the community feed")
            );
        if (type == Problems.QuotaExceeded)
            example["violated-policies"] = new JsonArray("images-day");
        if (type == Problems.UpstreamRejected)
            example["reason"] = "moderation";
        if (type == Problems.OutcomeUnknown)
            example["reservationId"] = "019aac5b-8e7c-7d1f-9b3c-2a1d0e4f5a6b";
        return example;
    }

    private static JsonObject Error(string pointer, string code, string detail) =>
        new()
        {
            ["pointer"] = pointer,
            ["code"] = code,
            ["detail"] = detail,
        };
}
