using Gateway.Edge.Documentation;
using Gateway.Models;

namespace Gateway.Generations;

/// <summary>
/// Requests to start from, without a seed: with a fixed one, everybody who copies them gets the same picture.
/// </summary>
internal static class GenerationExamples
{
    private const string Plain = """
        { "model": "flux-pro-2.0", "parameters": { "prompt": "A cat wearing a hat", "width": 1440, "height": 1440 } }
        """;

    private const string Reference = """
        {
          "model": "flux-pro-2.0",
          "parameters": {
            "prompt": "The same cat on a beach", "width": 1440, "height": 810,
            "guidances": {
              "image_reference": [{ "image": { "id": "3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f", "type": "UPLOADED" }, "strength": "MID" }]
            }
          }
        }
        """;

    private const string FourImages = """
        { "model": "flux-pro-2.0", "parameters": { "prompt": "A cat wearing a hat", "width": 1024, "height": 1024, "quantity": 4 } }
        """;

    /// <summary>It matches the schema, so that no validator of documents objects to it.</summary>
    private const string Wrong = """
        { "model": "flux-pro-3.0", "parameters": { "prompt": "A cat wearing a hat" } }
        """;

    public static void Describe(ApiDocumentation documentation)
    {
        var style = ModelCatalogue.All[0].Styles[0];
        documentation.Example<GenerationBody>("plain", Plain, "One image");
        documentation.Example<GenerationBody>("styled", Styled(style.Id), $"In a preset style ({style.Name})");
        documentation.Example<GenerationBody>(
            "reference",
            Reference,
            "With a reference image: put in the id that POST /v1/uploads answers"
        );
        documentation.Example<GenerationBody>("fourImages", FourImages, "Four images");
        documentation.Example<GenerationBody>("wrong", Wrong, "Wrong on purpose: no such model, answered with 400 validation");
    }

    private static string Styled(string id) =>
        $$"""
            { "model": "flux-pro-2.0", "parameters": { "prompt": "A cat wearing a hat", "width": 960, "height": 1440, "style_ids": ["{{id}}"] } }
            """;
}
