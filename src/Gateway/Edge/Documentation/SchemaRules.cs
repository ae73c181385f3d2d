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

    public static void AlwaysNull(OpenApiSchema schema) => schema.Enum = [null!];

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

    public static Action<OpenApiSchema> Default(JsonNode value) => schema => schema.Default = value;

    public static Action<OpenApiSchema> OneOf(params IEnumerable<string> values) =>
        schema => schema.Enum = [.. values.Select(value => (JsonNode)value)];

    /// <summary>
    /// For a request's object: no other members; a member may be left out unless it is required, and is never null.
    /// </summary>
    public static Action<OpenApiSchema> Closed(params string[] required) =>
        schema =>
        {
            schema.AdditionalPropertiesAllowed = false;
            schema.Required = new HashSet<string>(required, StringComparer.Ordinal);
            foreach (var property in schema.Properties!.Values.OfType<OpenApiSchema>())
                property.Type &= ~JsonSchemaType.Null;
        };

    /// <summary>An amount of a quota: a whole number, or dollars as a decimal string.</summary>
    public static void Amount(OpenApiSchema schema) => Amount(schema, JsonSchemaType.Integer);

    /// <inheritdoc cref="Amount(OpenApiSchema)"/>
    public static void AmountOrNull(OpenApiSchema schema) => Amount(schema, JsonSchemaType.Integer | JsonSchemaType.Null);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Amount(OpenApiSchema schema, JsonSchemaType number) =>
        schema.OneOf = [
            new OpenApiSchema
            {
                Type = number,
                Format = "int64",
                Minimum = "0",
            },
            new OpenApiSchema { Type = JsonSchemaType.String, Pattern = Dollars },
        ];
}
