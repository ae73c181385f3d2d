using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Gateway.OpenApi;

/// <summary>What the document says of a value, in the words of the gateway: one place for each pattern.</summary>
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

    public static OpenApiSchema Whole(long min, long max, long? absent = null) =>
        new()
        {
            Type = JsonSchemaType.Integer,
            Format = "int64",
            Minimum = Number(min),
            Maximum = Number(max),
            Default = absent is { } value ? value : null,
        };

    public static void Uuid(OpenApiSchema schema) => schema.Format = "uuid";

    public static void Day(OpenApiSchema schema) => schema.Format = "date";

    public static void Address(OpenApiSchema schema) => schema.Format = "uri";

    public static void Usd(OpenApiSchema schema) => schema.Pattern = Dollars;

    /// <summary>The upstream's way to write a moment: UTC, without a zone.</summary>
    public static void Moment(OpenApiSchema schema) =>
        schema.Pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}$";

    public static void Tenant(OpenApiSchema schema) => schema.Pattern = "^[a-z0-9-]{1,64}$";

    public static void Digest(OpenApiSchema schema) => schema.Pattern = "^[0-9a-f]{64}$";

    public static void Count(OpenApiSchema schema) => schema.Minimum = "0";

    public static void Empty(OpenApiSchema schema) => schema.MaxItems = 0;

    public static Action<OpenApiSchema> Matching(string pattern) => schema => schema.Pattern = pattern;

    public static Action<OpenApiSchema> Items(Action<OpenApiSchema> rule) => schema => rule((OpenApiSchema)schema.Items!);

    public static Action<OpenApiSchema> AtMost(int items) => schema => schema.MaxItems = items;

    public static Action<OpenApiSchema> Length(int min, int max) => schema => (schema.MinLength, schema.MaxLength) = (min, max);

    public static Action<OpenApiSchema> OneOf(params IEnumerable<string> words) =>
        schema => schema.Enum = [.. words.Select(word => (JsonNode)word)];

    /// <summary>Of a quota: whole numbers, or dollars as a decimal string.</summary>
    public static void Amount(OpenApiSchema schema) => Amount(schema, JsonSchemaType.Integer);

    /// <inheritdoc cref="Amount(OpenApiSchema)"/>
    public static void AmountOrNull(OpenApiSchema schema) => Amount(schema, JsonSchemaType.Integer | JsonSchemaType.Null);

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Amount(OpenApiSchema schema, JsonSchemaType whole) =>
        schema.OneOf = [
            new OpenApiSchema
            {
                Type = whole,
                Format = "int64",
                Minimum = "0",
            },
            new OpenApiSchema { Type = JsonSchemaType.String, Pattern = Dollars },
        ];
}
