using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Models;

namespace Gateway.Mcp.Tools;

/// <summary>
/// The JSON schema of a tool's arguments: a help for the model. What counts is what the tool's reader accepts.
/// </summary>
internal sealed class ArgumentSchema
{
    private readonly JsonObject _properties = [];
    private readonly JsonArray _required = [];

    public ArgumentSchema String(string name, string description, bool isRequired = false, IEnumerable<string>? values = null)
    {
        var schema = Property("string", description);
        if (values is not null)
            schema["enum"] = ToArray(values);
        return Add(name, schema, isRequired);
    }

    public ArgumentSchema Integer(string name, string description, NumberRange range)
    {
        var schema = Property("integer", description);
        schema["minimum"] = range.Min;
        schema["maximum"] = range.Max;
        return Add(name, schema);
    }

    /// <summary>Ids, or objects where a type or a strength is given.</summary>
    public ArgumentSchema References(string name, string description, ImageModel model, IEnumerable<string> types)
    {
        var reference = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["id"] = new JsonObject { ["type"] = "string" },
                ["type"] = new JsonObject { ["type"] = "string", ["enum"] = ToArray(types) },
                ["strength"] = new JsonObject { ["type"] = "string", ["enum"] = ToArray(model.ReferenceStrengths) },
            },
            ["required"] = ToArray(["id"]),
            ["additionalProperties"] = false,
        };
        var schema = Property("array", description);
        schema["maxItems"] = model.MaxReferences;
        schema["items"] = new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, reference) };
        return Add(name, schema);
    }

    public JsonElement ToJson() =>
        JsonSerializer.SerializeToElement<JsonNode>(
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = _properties.DeepClone(),
                ["required"] = _required.DeepClone(),
                ["additionalProperties"] = false,
            }
        );

    private ArgumentSchema Add(string name, JsonObject schema, bool isRequired = false)
    {
        _properties[name] = schema;
        if (isRequired)
            _required.Add(JsonValue.Create(name));
        return this;
    }

    private static JsonObject Property(string type, string description) => new() { ["type"] = type, ["description"] = description };

    private static JsonArray ToArray(IEnumerable<string> values) => [.. values.Select(value => JsonValue.Create(value))];
}
