namespace Gateway.Edge.Http;

/// <summary>A request header that an endpoint understands, for the OpenAPI document.</summary>
/// <param name="Example">Null where Swagger UI must not fill it in and send it.</param>
internal sealed record RequestHeaderMetadata(string Name, string Description, string? Example = null)
{
    /// <summary>Regular expression of the values that have an effect.</summary>
    public string? Pattern { get; init; }

    public int? MaxLength { get; init; }
}
