using System.Text.Json;
using Gateway.Edge.Documentation;
using Gateway.Tenants;
using Microsoft.OpenApi;

namespace Gateway.Models;

/// <summary>Documents <c>GET /v2/models</c>, and what the catalogue as a whole permits in a request.</summary>
internal static class ModelsDocumentation
{
    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Serializers.Add(ModelJson.Default);
        documentation.Schema<ModelDescription>(("source", SchemaRules.Address));
        documentation.Schema<Style>(("id", SchemaRules.Uuid));
        documentation.Schema<ModelPrice>(("usd_per_credit", SchemaRules.Usd));
        documentation.Schema<PriceExample>(("usd", SchemaRules.Usd), ("usd_with_references", SchemaRules.Usd));
        documentation.Example<ModelList>("one model", Example());
    }

    /// <summary>The widest range over all models: the validator applies that of the model asked for.</summary>
    public static Action<OpenApiSchema> Between(Func<ImageModel, NumberRange> range)
    {
        var widest = range(ModelCatalogue.Widest);
        return SchemaRules.Between(widest.Min, widest.Max);
    }

    /// <summary>
    /// Of a request's member: the widest range, and in words the default on which all models agree. Generators make a
    /// member with a <c>default</c> a required one.
    /// </summary>
    public static Action<OpenApiSchema> Input(Func<ImageModel, NumberRange> range) =>
        schema =>
        {
            Between(range)(schema);
            schema.Format = "int64";
            if (range(ModelCatalogue.Widest).Default is { } value)
                schema.Description += $" If left out: {value}.";
        };

    /// <summary>As <c>GET /v2/models</c> answers; one style and one size stand for all.</summary>
    private static string Example()
    {
        var model = ModelCatalogue.All[0];
        var example = model with { Styles = [.. model.Styles.Take(1)], AspectRatios = [.. model.AspectRatios.Take(1)] };
        var list = new ModelList([ModelDescription.From(example, TenantPolicy.Default)]);
        return JsonSerializer.Serialize(list, ModelJson.Default.ModelList);
    }
}
