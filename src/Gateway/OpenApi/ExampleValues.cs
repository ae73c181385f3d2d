using System.Text.Json.Nodes;
using Gateway.Edge.Documentation;
using Microsoft.OpenApi;

namespace Gateway.OpenApi;

internal static class ExampleValues
{
    private const string Json = "application/json";

    /// <summary>Adds the examples that the features give for a type, or for a media type that is not JSON.</summary>
    public static void AddExamples(this ApiDocumentation documentation, OpenApiMediaType media, Type? type, string format)
    {
        if (documentation.TextExamples.TryGetValue(format, out var text))
            (media.Schema, media.Example) = (SchemaRules.Text(), text);
        // The data of an event stream is described by the schema of one event.
        else if (format != Json || type is null || !documentation.Examples.TryGetValue(type, out var examples))
            return;
        else if (examples is [var (_, _, json)])
            media.Example = JsonNode.Parse(json);
        else
            media.Examples = examples.ToDictionary(
                example => example.Name,
                example => (IOpenApiExample)new OpenApiExample { Summary = example.Summary, Value = JsonNode.Parse(example.Json) },
                StringComparer.Ordinal
            );
    }
}
