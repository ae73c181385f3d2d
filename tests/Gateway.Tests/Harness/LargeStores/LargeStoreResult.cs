using System.Text.Json;
using Gateway.Leonardo.Replies;

namespace Gateway.Tests.Harness.LargeStores;

/// <summary>
/// What the gateway keeps of a generation that is complete, made by its own code once for each number of images.
/// </summary>
internal sealed class LargeStoreResult
{
    private const string Id = "00000000-0000-4000-8000-000000000000";
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;

    private readonly string[] _templates = [.. Enumerable.Range(0, LargeStoreRows.MostImages + 1).Select(CreateTemplate)];

    public string Create(string id, DateTimeOffset at, IReadOnlyList<string> images)
    {
        var row = _templates[images.Count]
            .Replace(Id, id, StringComparison.Ordinal)
            .Replace(ResultRow.FormatTimestamp(At), ResultRow.FormatTimestamp(at), StringComparison.Ordinal);
        for (var n = 0; n < images.Count; n++)
            row = row.Replace(ImageId(n), images[n], StringComparison.Ordinal);
        return row;
    }

    private static string CreateTemplate(int images)
    {
        var made = Enumerable.Range(0, images).Select(n => $$"""{ "id": "{{ImageId(n)}}", "nsfw": false, "likeCount": 0 }""");
        using var upstream = JsonDocument.Parse(
            $$"""
            { "createdAt": "{{ResultRow.FormatTimestamp(
                At
            )}}", "negativePrompt": "",
              "imageWidth": 1440, "imageHeight": 1440, "public": false, "modelId": null, "seed": 4294967295, "guidanceScale": null,
              "prompt_moderations": [], "generated_images": [{{string.Join(", ", made)}}] }
            """
        );
        return ResultRow.Create(
            Id,
            GenerationStatus.Complete,
            upstream.RootElement,
            "A lighthouse on a cliff at dawn, seen from the sea, with gulls"
        );
    }

    private static string ImageId(int n) => $"00000000-0000-4000-8000-00000000000{n + 1}";
}
