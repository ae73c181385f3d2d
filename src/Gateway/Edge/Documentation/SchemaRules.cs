using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Gateway.Edge.Documentation;

/// <summary>
/// The formats and patterns that the gateway's values have in the OpenAPI document, each defined once.
/// </summary>
internal static class SchemaRules
{
    private const string Dollars = "^[0-9]+\\.[0-9]{4,6}$";

    public static OpenApiSchema Text(string? description = null) => new() { Type = JsonSchemaType.String, Description = description };

    public static OpenApiSchema Binary(string? description = null, int? maxLength = null) =>
        new()
        {
            Type = JsonSchemaType.String,
            Format = "binary",
            MaxLength = maxLength,
            Description = description,
        };

    public static void Uuid(OpenApiSchema schema) => schema.Format = "uuid";

    public static void Day(OpenApiSchema schema) => schema.Format = "date";

    public static void Address(OpenApiSchema schema) => schema.Format = "uri";

    public static void Usd(OpenApiSchema schema) => schema.Pattern = Dollars;

    /// <summary>The upstream writes times in UTC, without a zone.</summary>
    public static void Moment(OpenApiSchema schema) =>
        schema.Pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}$";

    public static void Tenant(OpenApiSchema schema) => schema.Pattern = "^[a-z0-9-]{1,64}$";

    public static void Digest(OpenApiSchema schema) => schema.Pattern = "^[0-9a-f]{64}$";

    public static void Count(OpenApiSchema schema) => schema.Minimum = "0";

    public static void Empty(OpenApiSchema schema) => schema.MaxItems = 0;

    /// <summary>For a type that can be null where it is referred to: a reference cannot say so.</summary>
    public static void Nullable(OpenApiSchema schema) => schema.Type |= JsonSchemaType.Null;

    public static void WholeNumber(OpenApiSchema schema) => (schema.Type, schema.Format) = (JsonSchemaType.Integer, "int64");

    public static Action<OpenApiSchema> WholeNumber(long min, long max, long? defaultValue = null) =>
        schema =>
        {
            WholeNumber(schema);
            Between(min, max)(schema);
            schema.Default = defaultValue is { } value ? value : null;
        };

    public static Action<OpenApiSchema> Between(long min, long max) =>
        schema => (schema.Minimum, schema.Maximum) = (Number(min), Number(max));

    public static Action<OpenApiSchema> Matching(string pattern) => schema => schema.Pattern = pattern;

    public static Action<OpenApiSchema> Items(Action<OpenApiSchema> rule) => schema => rule((OpenApiSchema)schema.Items!);

    public static Action<OpenApiSchema> AtMost(int items) => schema => schema.MaxItems = items;

    public static Action<OpenApiSchema> Length(int min, int max) => schema => (schema.MinLength, schema.MaxLength) = (min, max);

    /// <summary>
    /// Words that are identifiers in every language, and a list that will not grow. Null is not one of them, also where
    /// the type permits it: generators would make a word of it.
    /// </summary>
    public static Action<OpenApiSchema> OneOf(params IEnumerable<string> values) =>
        schema => schema.Enum = [.. values.Select(value => (JsonNode)value)];

    /// <summary>
    /// A plain string, for all other words: as an enum, generated clients could neither write nor read some of them,
    /// and would fail at the first new one.
    /// </summary>
    public static Action<OpenApiSchema> Known(params IEnumerable<string> values) =>
        schema => schema.Description = $"{schema.Description} Known values: {string.Join(", ", values)}.".TrimStart();

    /// <summary>For a request's object: other members are refused.</summary>
    public static void Closed(OpenApiSchema schema) => schema.AdditionalPropertiesAllowed = false;

    /// <summary>
    /// For a request's object: no other members; a member that is not required may be left out or null.
    /// </summary>
    public static Action<OpenApiSchema> ClosedWith(params string[] required) =>
        schema =>
        {
            Closed(schema);
            schema.Required = new HashSet<string>(required, StringComparer.Ordinal);
            foreach (var (name, property) in schema.Properties!)
            {
                if (property is not OpenApiSchema member)
                    continue;
                if (schema.Required.Contains(name))
                    member.Type &= ~JsonSchemaType.Null;
                else
                    Nullable(member);
            }
        };

    /// <summary>An amount of a quota, or dollars.</summary>
    public static void Amount(OpenApiSchema schema) => (schema.Format, schema.Minimum) = ("decimal", "0");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
