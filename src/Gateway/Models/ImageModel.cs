namespace Gateway.Models;

/// <summary>What one model of the upstream permits and costs: rules as data. The validator, the price, <c>GET /v2/models</c> and the OpenAPI schema read them here.</summary>
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

    public required NumberRange Seed { get; init; }

    /// <summary>Unicode code points.</summary>
    public required int PromptMaxLength { get; init; }

    public required int MaxReferences { get; init; }

    public required IReadOnlyList<Style> Styles { get; init; }

    public required IReadOnlyList<AspectRatio> AspectRatios { get; init; }

    public required CreditPrice Price { get; init; }
}

/// <summary>Whole numbers from <paramref name="Min"/> to <paramref name="Max"/>, both included.</summary>
/// <param name="Default">What is sent when the caller gives none; null: drawn by the gateway.</param>
internal sealed record NumberRange(long Min, long Max, long? Default = null);

/// <summary>A preset artistic style.</summary>
internal sealed record Style(string Name, string Id);

/// <summary>A size that the guide recommends.</summary>
internal sealed record AspectRatio(string Name, int Width, int Height);
