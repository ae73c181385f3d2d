namespace Gateway.Edge.Http;

/// <summary>Says of an endpoint which request header it understands, for the OpenAPI document.</summary>
/// <param name="Example">Null: Swagger UI would fill it in and send it, which this header is not for.</param>
internal sealed record RequestHeaderMetadata(string Name, string Description, string? Example = null)
{
    /// <summary>What the value must look like to have an effect.</summary>
    public string? Pattern { get; init; }

    public int? MaxLength { get; init; }
}
