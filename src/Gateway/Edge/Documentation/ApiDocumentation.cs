using System.Text.Json.Serialization;
using Microsoft.OpenApi;

namespace Gateway.Edge.Documentation;

/// <summary>
/// What the features say about their own types and routes that neither the type nor the endpoint's metadata can.
/// A feature contributes with <c>services.Configure&lt;ApiDocumentation&gt;(XDocumentation.Describe)</c>; the
/// OpenAPI filters read it.
/// </summary>
internal sealed class ApiDocumentation
{
    public Dictionary<Type, Action<OpenApiSchema>> Schemas { get; } = [];

    public Dictionary<Type, List<(string Name, string Summary, string Json)>> Examples { get; } = [];

    /// <summary>By media type, for answers that are not JSON.</summary>
    public Dictionary<string, string> TextExamples { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Serializers that name members by a policy of their own and write every member, also those with a default
    /// value.
    /// </summary>
    public List<JsonSerializerContext> Serializers { get; } = [];

    public List<(ResponseHeader Header, Func<DocumentedOperation, int, bool> AppliesTo)> Headers { get; } = [];

    /// <summary>Path and query parameters of all routes under a prefix.</summary>
    public List<(string Prefix, string Name, OpenApiSchema Schema)> Parameters { get; } = [];

    /// <summary>What an answer below 400 means, where "Done." is not enough; for all routes under a prefix.</summary>
    public List<(string Prefix, int Status, string Description)> Answers { get; } = [];

    /// <summary>By path: <c>POST</c> routes that take a multipart form.</summary>
    public Dictionary<string, (string Description, OpenApiSchema Schema)> Forms { get; } = new(StringComparer.Ordinal);

    public void Schema<T>(Action<OpenApiSchema> rule) => Schemas[typeof(T)] = Schemas.GetValueOrDefault(typeof(T)) + rule;

    /// <param name="members">By the name in JSON.</param>
    public void Schema<T>(params IEnumerable<(string Name, Action<OpenApiSchema> Rule)> members)
    {
        foreach (var (name, rule) in members)
            Schema<T>(schema => rule((OpenApiSchema)schema.Properties![name]));
    }

    /// <param name="summary">What a reader sees in a list of several examples; null: the name says enough.</param>
    public void Example<T>(string name, string json, string? summary = null)
    {
        if (!Examples.TryGetValue(typeof(T), out var examples))
            Examples.Add(typeof(T), examples = []);
        examples.Add((name, summary ?? name, json));
    }

    /// <summary>The same header given twice is one component of the document.</summary>
    public void Header(ResponseHeader header, Func<DocumentedOperation, int, bool> appliesTo) => Headers.Add((header, appliesTo));

    public void Parameter(string prefix, string name, Action<OpenApiSchema> rule)
    {
        var schema = SchemaRules.Text();
        rule(schema);
        Parameters.Add((prefix, name, schema));
    }
}
