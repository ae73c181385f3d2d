using Gateway.Generations;
using Gateway.Models;

namespace Gateway.Mcp.Tools;

/// <summary>The arguments of <c>generate_image</c> and <c>quote_image</c>.</summary>
internal static class GenerationSchema
{
    public static ArgumentSchema Create()
    {
        var model = ModelCatalogue.Widest;
        return new ArgumentSchema()
            .String("prompt", $"What the image shows, in plain words; at most {model.PromptMaxLength} characters.", isRequired: true)
            .String(
                "aspect_ratio",
                "The shape of the images: " + string.Join(", ", model.AspectRatios.Select(Describe)) + ". Instead of width and height.",
                values: model.AspectRatios.Select(ratio => ratio.Name)
            )
            .Integer("width", $"Pixels; {model.Width.Default} if left out.", model.Width)
            .Integer("height", $"Pixels; {model.Height.Default} if left out.", model.Height)
            .Integer("quantity", "How many images; 1 if left out. Each one is charged.", model.Quantity)
            .String("style", "A preset style; none if left out.", values: model.Styles.Select(style => style.Name))
            .Integer("seed", "The same seed and prompt give the same image; drawn at random if left out.", model.Seed)
            .References(
                "reference_images",
                "Images that guide the result: ids of generated images or of uploads (upload_reference). They may raise the price.",
                model,
                GenerationValidator.ImageTypes
            )
            .String("model", "The model; your team's first model if left out. list_models has them.")
            .String(
                "idempotency_key",
                "Any text that is new for each request, at most 255 ASCII characters. If a call fails without a result, repeat it with the same key and arguments: it is charged once."
            );
    }

    private static string Describe(AspectRatio ratio) => $"{ratio.Name} is {ratio.Width}x{ratio.Height}";
}
