using System.Globalization;
using System.Text.Json;

namespace Gateway.Leonardo.Replies;

internal enum GenerationStatus
{
    Pending,
    Complete,
    Failed,
}

/// <summary>A generation as the upstream tells of it.</summary>
/// <param name="Id">Canonical lower case.</param>
/// <param name="CreatedAt">The upstream writes it without a zone; it is UTC.</param>
/// <param name="Row">What its owner may see, as a JSON object: see <see cref="ResultRow"/>.</param>
internal sealed record UpstreamGeneration(
    string Id,
    GenerationStatus Status,
    DateTimeOffset? CreatedAt,
    string? Prompt,
    long? Seed,
    int? Width,
    int? Height,
    IReadOnlyList<UpstreamImage> Images,
    string Row
)
{
    /// <summary>No model makes more than eight images.</summary>
    private const int MaxImages = 32;

    /// <returns>Null, if it has no id or no status that is known: then nothing in it is to be trusted.</returns>
    public static UpstreamGeneration? Read(JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object || IdOf(row) is not { } id || ReadStatus(TextOf(row, "status"u8)) is not { } status)
            return null;
        var images = ReadImages(row);
        return new UpstreamGeneration(
            id,
            status,
            ReadMoment(TextOf(row, "createdAt"u8)),
            TextOf(row, "prompt"u8),
            Integer(row, "seed"u8),
            (int?)Integer(row, "imageWidth"u8, int.MaxValue),
            (int?)Integer(row, "imageHeight"u8, int.MaxValue),
            images,
            ResultRow.Write(id, status, row)
        );
    }

    /// <summary>Those of a list that can be read.</summary>
    public static IReadOnlyList<UpstreamGeneration> ReadAll(JsonElement list) =>
        [.. list.EnumerateArray().Select(Read).OfType<UpstreamGeneration>()];

    public static string? IdOf(JsonElement element) => CreationReply.CanonicalId(TextOf(element, "id"u8));

    public static string? TextOf(JsonElement element, ReadOnlySpan<byte> name) =>
        element.TryGetProperty(name, out var member) ? UpstreamError.Text(member) : null;

    /// <summary>The images as they are; never null, not more than make sense.</summary>
    public static IEnumerable<JsonElement> ImagesOf(JsonElement row) =>
        row.TryGetProperty("generated_images"u8, out var images) && images.ValueKind == JsonValueKind.Array
            ? images.EnumerateArray().Where(image => image.ValueKind == JsonValueKind.Object && IdOf(image) is not null).Take(MaxImages)
            : [];

    private static IReadOnlyList<UpstreamImage> ReadImages(JsonElement row) =>
        [
            .. ImagesOf(row)
                .Select(image => new UpstreamImage(
                    IdOf(image)!,
                    Uri.TryCreate(TextOf(image, "url"u8), UriKind.Absolute, out var url) ? url : null
                ))
                .DistinctBy(image => image.Id, StringComparer.Ordinal),
        ];

    private static GenerationStatus? ReadStatus(string? text) =>
        text switch
        {
            "COMPLETE" => GenerationStatus.Complete,
            "FAILED" => GenerationStatus.Failed,
            // A word that no document knows is no end.
            { Length: > 0 } => GenerationStatus.Pending,
            _ => null,
        };

    /// <summary>The seed was seen as a string too (webhooks).</summary>
    private static long? Integer(JsonElement row, ReadOnlySpan<byte> name, long max = long.MaxValue)
    {
        if (!row.TryGetProperty(name, out var member))
            return null;
        var isNumber = member.ValueKind == JsonValueKind.Number;
        return
            (
                isNumber
                    ? member.TryGetInt64(out var value)
                    : long.TryParse(UpstreamError.Text(member), CultureInfo.InvariantCulture, out value)
            )
            && value >= 0
            && value <= max
            ? value
            : null;
    }

    private static DateTimeOffset? ReadMoment(string? text) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var moment
        )
            ? moment
            : null;
}

/// <param name="Id">Canonical lower case.</param>
/// <param name="Url">Where its bytes are. It names the account and the start of the prompt, so it is never told.</param>
internal sealed record UpstreamImage(string Id, Uri? Url);
