using Gateway.Generations;

namespace Gateway.OpenAi;

/// <summary>A request as it was read: every member optional, only its JSON type and its words checked.</summary>
internal sealed record ImageBody
{
    public string? Model { get; set; }

    /// <summary>As it was written; the model decides what it means.</summary>
    public string? Size { get; set; }

    /// <summary><c>url</c> or <c>b64_json</c>; null: both.</summary>
    public string? ResponseFormat { get; set; }

    public bool Stream { get; set; }

    /// <summary>The person for usage reports: only what is a valid label.</summary>
    public string? User { get; set; }

    /// <summary>What Leonardo's request has too.</summary>
    public GenerationParameters Parameters { get; } = new();

    /// <summary>Members that were accepted without effect.</summary>
    public List<string> Ignored { get; } = [];
}
