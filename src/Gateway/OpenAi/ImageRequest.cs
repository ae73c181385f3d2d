using Gateway.Generations;

namespace Gateway.OpenAi;

/// <summary>A request that keeps every rule.</summary>
/// <param name="ResponseFormat"><c>url</c> or <c>b64_json</c>; null: both.</param>
/// <param name="EventName">The first part of the names of its events.</param>
internal sealed record ImageRequest(ValidatedRequest Validated, string? ResponseFormat, bool IsStream, string EventName)
{
    /// <summary>The member <c>user</c>, if it is a valid label.</summary>
    public string? User { get; init; }

    public bool HasUrl => ResponseFormat is null or "url";

    public bool HasBytes => ResponseFormat is null or "b64_json";

    public ImageSize Size => new(Validated.Request.Width, Validated.Request.Height);
}
