namespace Gateway.Models;

/// <summary>
/// What one of Leonardo's models permits and costs. The validator, the price, <c>GET /v2/models</c> and the OpenAPI
/// document read it here; no other file repeats a number of it.
/// </summary>
internal sealed record ImageModel
{
    /// <summary>The value of <c>model</c> in a request.</summary>
    public required string Name { get; init; }

    public required string Title { get; init; }

    /// <summary>The page the rules were read from.</summary>
    public required string Source { get; init; }

    /// <summary>Pixels.</summary>
    public required NumberRange Width { get; init; }

    /// <summary>Pixels.</summary>
    public required NumberRange Height { get; init; }

    /// <summary>Images made by one request.</summary>
    public required NumberRange Quantity { get; init; }

    /// <summary>At most 32 bits: the reconciler identifies a generation by its seed.</summary>
    public required NumberRange Seed { get; init; }

    /// <summary>Unicode code points.</summary>
    public required int PromptMaxLength { get; init; }

    public required int MaxReferences { get; init; }

    /// <summary>How strongly a reference may guide the result, weakest first.</summary>
    public required IReadOnlyList<string> ReferenceStrengths { get; init; }

    /// <summary>What is sent when the caller gives no strength.</summary>
    public required string DefaultReferenceStrength { get; init; }

    public required IReadOnlyList<Style> Styles { get; init; }

    public required IReadOnlyList<AspectRatio> AspectRatios { get; init; }

    public required ImagePrice Price { get; init; }
}

/// <summary>Whole numbers from <paramref name="Min"/> to <paramref name="Max"/>, both included.</summary>
/// <param name="Default">What is sent when the caller gives none; null: drawn by the gateway.</param>
internal sealed record NumberRange(long Min, long Max, long? Default = null);

/// <summary>A preset artistic style.</summary>
internal sealed record Style(string Name, string Id);

/// <summary>A size that Leonardo's guide recommends.</summary>
internal sealed record AspectRatio(string Name, int Width, int Height);
