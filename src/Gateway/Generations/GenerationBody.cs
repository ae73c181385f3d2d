using System.Text.Json.Serialization;

namespace Gateway.Generations;

/// <summary>A request for images, as Leonardo has it.</summary>
/// <remarks>
/// As it was read: every member optional, only its JSON type checked. Shaped like the JSON, so that a rule's path is
/// its pointer.
/// </remarks>
internal sealed record GenerationBody
{
    /// <summary>The model that makes the images.</summary>
    [JsonPropertyName("model")]
    public string? Model { get; set; }

    /// <summary>Whether the result is shown in Leonardo's public community feed.</summary>
    [JsonPropertyName("public")]
    public bool? Public { get; set; }

    /// <summary>What to make.</summary>
    [JsonPropertyName("parameters")]
    public GenerationParameters? Parameters { get; set; }
}

internal sealed record GenerationParameters
{
    /// <summary>What the picture shows, in plain words.</summary>
    [JsonPropertyName("prompt")]
    public string? Prompt { get; set; }

    /// <summary>Width of each image, in pixels.</summary>
    [JsonPropertyName("width")]
    public long? Width { get; set; }

    /// <summary>Height of each image, in pixels.</summary>
    [JsonPropertyName("height")]
    public long? Height { get; set; }

    /// <summary>How many images to make. Each one is charged.</summary>
    [JsonPropertyName("quantity")]
    public long? Quantity { get; set; }

    /// <summary>
    /// The same seed and prompt give the same picture. If left out, the gateway draws one; the result shows it.
    /// </summary>
    [JsonPropertyName("seed")]
    public long? Seed { get; set; }

    /// <summary>Whether Leonardo may rewrite the prompt.</summary>
    [JsonPropertyName("prompt_enhance")]
    public string? PromptEnhance { get; set; }

    /// <summary>Ids of preset styles; <c>GET /v2/models</c> lists them by name.</summary>
    [JsonPropertyName("style_ids")]
    public IReadOnlyList<string?>? StyleIds { get; set; }

    /// <summary>Images that guide the result.</summary>
    [JsonPropertyName("guidances")]
    public Guidances? Guidances { get; set; }
}

internal sealed record Guidances
{
    /// <summary>Reference images. They may raise the price: <c>GET /v2/models</c> says by how much.</summary>
    [JsonPropertyName("image_reference")]
    public IReadOnlyList<ImageReference>? ImageReference { get; set; }
}

internal sealed record ImageReference
{
    /// <summary>Which image.</summary>
    [JsonPropertyName("image")]
    public ReferencedImage? Image { get; set; }

    /// <summary>How strongly it guides the result.</summary>
    [JsonPropertyName("strength")]
    public string? Strength { get; set; }
}

internal sealed record ReferencedImage
{
    /// <summary>The id of a generated image (not of its generation), or of an upload.</summary>
    [JsonPropertyName("id")]
    public string? Id { get; set; }

    /// <summary>Which kind of id it is.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; set; }
}
