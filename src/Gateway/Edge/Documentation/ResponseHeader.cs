using Microsoft.OpenApi;

namespace Gateway.Edge.Documentation;

/// <summary>A header of answers, as the OpenAPI document describes it.</summary>
/// <param name="Always">Whether it is on every answer it is documented for.</param>
internal sealed record ResponseHeader(string Name, string Description, OpenApiSchema Schema, bool Always = false)
{
    public ResponseHeader(string name, string description, Action<OpenApiSchema> rule, bool always = false)
        : this(name, description, SchemaRules.Text(), always) => rule(Schema);
}
