using System.Text.Json.Nodes;
using Gateway.Admin;
using Gateway.Generations;
using Gateway.Ledger;
using Gateway.Models;
using Gateway.Uploads;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>Writes the rules of the model into the schema of the request: the same data that the validator and the price read.</summary>
internal sealed class RequestSchemas : ISchemaFilter
{
    private const string NotBlank = "\\S";
    private const string OneLine =
        "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";

    /// <summary>More models will need a schema each (oneOf); so far there is one.</summary>
    private static ImageModel Model => ModelCatalogue.All[0];

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema target || context.MemberInfo is not null)
            return;
        if (context.Type == typeof(GenerationBody))
            OfBody(target);
        else if (context.Type == typeof(GenerationParameters))
            OfParameters(target);
        else if (context.Type == typeof(Guidances))
            OfGuidances(target);
        else if (context.Type == typeof(ImageReference))
            OfReference(target);
        else if (context.Type == typeof(ReferencedImage))
            OfImage(target);
        else if (context.Type == typeof(UploadWanted))
            OneOf(Property(target, "extension"), [.. ReceivedFile.Accepted.SelectMany(format => format.Extensions)]);
        else if (context.Type == typeof(ReasonBody))
            OfReason(target);
        else if (context.Type == typeof(OptionalReasonBody))
            Bound(Property(target, "reason"));
        else if (context.Type == typeof(GrantBody))
            OfGrant(target);
        else if (context.Type == typeof(SettleBody))
            OfSettle(target);
    }

    private static void OfBody(OpenApiSchema schema)
    {
        Close(schema, "model", "parameters");
        Property(schema, "model").Enum = [.. ModelCatalogue.All.Select(model => (JsonNode)model.Name)];
        Default(Property(schema, "public"), false);
    }

    private static void OfParameters(OpenApiSchema schema)
    {
        Close(schema, "prompt");
        var prompt = Property(schema, "prompt");
        prompt.MinLength = 1;
        prompt.MaxLength = Model.PromptMaxLength;
        prompt.Pattern = NotBlank;
        Range(Property(schema, "width"), Model.Width);
        Range(Property(schema, "height"), Model.Height);
        Range(Property(schema, "quantity"), Model.Quantity);
        Range(Property(schema, "seed"), Model.Seed);
        OneOf(Property(schema, "prompt_enhance"), GenerationValidator.PromptEnhance);
        Default(Property(schema, "prompt_enhance"), GenerationValidator.Off);
        var styles = Property(schema, "style_ids");
        styles.UniqueItems = true;
        styles.Items = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" };
        styles.Description += " Known styles: " + string.Join(", ", Model.Styles.Select(style => $"{style.Name} `{style.Id}`")) + ".";
        schema.Description += $"\n\nSizes that the guide recommends:\n\n| aspect ratio | width | height |\n| --- | --- | --- |\n{Ratios()}";
    }

    private static void OfGuidances(OpenApiSchema schema)
    {
        Close(schema);
        Property(schema, "image_reference").MaxItems = Model.MaxReferences;
    }

    private static void OfReference(OpenApiSchema schema)
    {
        Close(schema, "image");
        OneOf(Property(schema, "strength"), GenerationValidator.Strengths);
        Default(Property(schema, "strength"), GenerationRequest.DefaultStrength);
    }

    private static void OfImage(OpenApiSchema schema)
    {
        Close(schema, "id", "type");
        Property(schema, "id").Format = "uuid";
        OneOf(Property(schema, "type"), GenerationValidator.ImageTypes);
    }

    private static void OfReason(OpenApiSchema schema)
    {
        var reason = Property(schema, "reason");
        reason.Type = JsonSchemaType.String;
        Bound(reason);
    }

    private static void Bound(OpenApiSchema reason)
    {
        (reason.MinLength, reason.MaxLength) = (1, AdminBody.LongestReason);
        reason.Pattern = OneLine;
    }

    private static void OfGrant(OpenApiSchema schema)
    {
        OfReason(schema);
        var (quota, amount) = (Property(schema, "quota"), Property(schema, "amount"));
        quota.Type = JsonSchemaType.String;
        OneOf(quota, [.. QuotaGrant.Quotas.Keys]);
        amount.Type = JsonSchemaType.Number;
        (amount.Minimum, amount.Maximum) = ("0.000001", SchemaRules.Number(TenantEndpoints.MostGranted));
    }

    private static void OfSettle(OpenApiSchema schema)
    {
        OfReason(schema);
        Property(schema, "generationId").Format = "uuid";
    }

    private static void Close(OpenApiSchema schema, params string[] required)
    {
        schema.AdditionalPropertiesAllowed = false;
        schema.Required = new HashSet<string>(required, StringComparer.Ordinal);
        // A member may be left out; it may not be null.
        foreach (var property in schema.Properties!.Values.OfType<OpenApiSchema>())
            property.Type &= ~JsonSchemaType.Null;
    }

    private static OpenApiSchema Property(OpenApiSchema schema, string name) => (OpenApiSchema)schema.Properties![name];

    private static void Range(OpenApiSchema schema, NumberRange range)
    {
        (schema.Minimum, schema.Maximum) = (SchemaRules.Number(range.Min), SchemaRules.Number(range.Max));
        schema.Format = "int64";
        if (range.Default is { } value)
            Default(schema, value);
    }

    private static void OneOf(OpenApiSchema schema, IReadOnlyList<string> values) =>
        schema.Enum = [.. values.Select(value => (JsonNode)value)];

    private static void Default(OpenApiSchema schema, JsonNode value) => schema.Default = value;

    private static string Ratios() =>
        string.Join('\n', Model.AspectRatios.Select(ratio => $"| {ratio.Name} | {ratio.Width} | {ratio.Height} |"));
}
