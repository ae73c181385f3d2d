using Gateway.Edge.Documentation;
using Microsoft.OpenApi;

namespace Gateway.Models;

/// <summary>Documents <c>GET /v2/models</c>, and what the catalogue as a whole permits in a request.</summary>
internal static class ModelsDocumentation
{
    private const string Example = """
        {
          "models": [
            {
              "name": "flux-pro-2.0", "title": "FLUX.2 Pro", "source": "https://docs.leonardo.ai/docs/flux-2-pro",
              "limits": {
                "width": { "min": 256, "max": 1440, "default": 1440 }, "height": { "min": 256, "max": 1440, "default": 1440 },
                "max_pixels": 2073600, "quantity": { "min": 1, "max": 4, "default": 1 },
                "seed": { "min": 0, "max": 4294967295, "default": null }, "prompt_max_length": 9999, "max_references": 4, "public": false
              },
              "styles": [{ "name": "Dynamic", "id": "111dc692-d470-4eec-b791-3475abac4c46" }],
              "aspect_ratios": [{ "name": "16:9", "width": 1440, "height": 810 }],
              "price": {
                "rule": "credits a pixel, rounded up, times dollars per credit", "credits_per_million_pixels": 27, "usd_per_credit": "0.001495",
                "examples": [{ "width": 1440, "height": 810, "usd": "0.0478", "usd_with_references": "0.0718" }]
              }
            }
          ]
        }
        """;

    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Serializers.Add(ModelJson.Default);
        documentation.Schema<ModelDescription>(("source", SchemaRules.Address));
        documentation.Schema<Style>(("id", SchemaRules.Uuid));
        documentation.Schema<ModelPrice>(("usd_per_credit", SchemaRules.Usd));
        documentation.Schema<PriceExample>(("usd", SchemaRules.Usd), ("usd_with_references", SchemaRules.Usd));
        documentation.Example<ModelList>("one model", Example);
    }

    /// <summary>The widest range over all models: the validator applies that of the model asked for.</summary>
    public static Action<OpenApiSchema> Between(Func<ImageModel, NumberRange> range) =>
        SchemaRules.Between(ModelCatalogue.All.Min(model => range(model).Min), ModelCatalogue.All.Max(model => range(model).Max));

    /// <summary>Of a request's member: the widest range, and the default on which all models agree.</summary>
    public static Action<OpenApiSchema> Input(Func<ImageModel, NumberRange> range) =>
        schema =>
        {
            Between(range)(schema);
            schema.Format = "int64";
            if (ModelCatalogue.All.Select(model => range(model).Default).Distinct().ToList() is [{ } value])
                schema.Default = value;
        };
}
