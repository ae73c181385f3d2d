using System.Globalization;
using System.Text.Json;

namespace Gateway.Leonardo.Replies;

internal enum GenerationStatus
{
    Pending,
    Complete,
    Failed,
}

/// <summary>A generation as the upstream describes it.</summary>
/// <param name="Id">Canonical lower case.</param>
/// <param name="CreatedAt">The upstream writes it without a zone; it is UTC.</param>
/// <param name="Row">
/// What its owner may see, as a JSON object: see <see cref="ResultRow"/>. The prompt is scrubbed.
/// </param>
/// <param name="RowWithPrompt">The same with the prompt as it is; equal where there was nothing to scrub.</param>
internal sealed record UpstreamGeneration(
    string Id,
    GenerationStatus Status,
    DateTimeOffset? CreatedAt,
    string? Prompt,
    long? Seed,
    int? Width,
    int? Height,
    IReadOnlyList<UpstreamImage> Images,
    string Row,
    string RowWithPrompt
)
{
    /// <summary>
    /// A bound on what a hostile reply can make the gateway store; no model makes more than eight images.
    /// </summary>
    private const int MaxImages = 32;

    /// <returns>Null: it has no id or no status, so nothing in it can be trusted.</returns>
    public static UpstreamGeneration? Parse(JsonElement row)
    {
        if (UpstreamJson.GetId(row) is not { } id || ParseStatus(UpstreamJson.GetString(row, "status"u8)) is not { } status)
            return null;
        var prompt = UpstreamJson.GetString(row, "prompt"u8);
        var scrubbed = prompt is null ? null : UpstreamText.Scrub(prompt);
        var result = ResultRow.Create(id, status, row, scrubbed);
        return new UpstreamGeneration(
            id,
            status,
            ParseTimestamp(UpstreamJson.GetString(row, "createdAt"u8)),
            prompt,
            GetInteger(row, "seed"u8),
            (int?)GetInteger(row, "imageWidth"u8, int.MaxValue),
            (int?)GetInteger(row, "imageHeight"u8, int.MaxValue),
            ParseImages(row),
            result,
            prompt == scrubbed ? result : ResultRow.Create(id, status, row, prompt)
        );
    }

    /// <summary>The entries of a list that can be parsed.</summary>
    public static IReadOnlyList<UpstreamGeneration> ParseAll(JsonElement list) =>
        [.. list.EnumerateArray().Select(Parse).OfType<UpstreamGeneration>()];

    /// <summary>
    /// The image objects that have an id, at most <see cref="MaxImages"/>; empty where there are none.
    /// </summary>
    public static IEnumerable<JsonElement> GetImages(JsonElement row) =>
        UpstreamJson.GetMember(row, "generated_images"u8, JsonValueKind.Array) is { } images
            ? images.EnumerateArray().Where(image => UpstreamJson.GetId(image) is not null).Take(MaxImages)
            : [];

    private static IReadOnlyList<UpstreamImage> ParseImages(JsonElement row) =>
        [
            .. GetImages(row)
                .Select(image => new UpstreamImage(
                    UpstreamJson.GetId(image)!,
                    Uri.TryCreate(UpstreamJson.GetString(image, "url"u8), UriKind.Absolute, out var url) ? url : null
                ))
                .DistinctBy(image => image.Id, StringComparer.Ordinal),
        ];

    private static GenerationStatus? ParseStatus(string? text) =>
        text switch
        {
            "COMPLETE" => GenerationStatus.Complete,
            "FAILED" => GenerationStatus.Failed,
            // An undocumented status must not end the generation.
            { Length: > 0 } => GenerationStatus.Pending,
            _ => null,
        };

    /// <summary>A number, or a string of digits: webhooks have been seen with the seed as a string.</summary>
    private static long? GetInteger(JsonElement row, ReadOnlySpan<byte> name, long max = long.MaxValue)
    {
        if (UpstreamJson.GetMember(row, name) is not { } member)
            return null;
        var isInteger =
            member.ValueKind == JsonValueKind.Number
                ? member.TryGetInt64(out var value)
                : long.TryParse(UpstreamJson.GetString(member), CultureInfo.InvariantCulture, out value);
        return isInteger && value >= 0 && value <= max ? value : null;
    }

    private static DateTimeOffset? ParseTimestamp(string? text) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var timestamp
        )
            ? timestamp
            : null;
}

/// <param name="Id">Canonical lower case.</param>
/// <param name="Url">
/// Where its bytes are. It names the account and the start of the prompt, so no caller gets it (T-B9).
/// </param>
internal sealed record UpstreamImage(string Id, Uri? Url);
