using System.Buffers;
using System.Text.Json;
using Gateway.Edge.Problems;
using Gateway.Leonardo.Replies;
using Gateway.Results;
using Gateway.Storage;

namespace Gateway.Webhooks;

/// <summary>
/// <c>POST /webhooks/leonardo</c>: a hint that a generation may have ended, nothing more. The watcher asks the upstream itself; a forged, repeated or late
/// webhook costs at most a read. The body holds the account's key, so it is never logged, stored or quoted.
/// </summary>
internal sealed class WebhookEndpoint(WebhookOptions options, PollQueue list, Watcher watcher, ILogger<WebhookEndpoint> log)
{
    private const int MaxBytes = 256 * 1024;
    private const int MaxDepth = 16;

    public async Task<IResult> ReceiveAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization is not [var authorization] || !options.Admits(authorization))
            return new Problem(ProblemTypes.Unidentified, "The callback key is missing or wrong.")
            {
                Authenticate = "Bearer realm=\"webhook\"",
            };

        var reader = context.Request.BodyReader;
        var read = await reader.ReadAtLeastAsync(MaxBytes + 1, context.RequestAborted);
        var isTooLarge = read.Buffer.Length > MaxBytes;
        var id = isTooLarge ? null : Id(read.Buffer);
        reader.AdvanceTo(read.Buffer.End);
        if (isTooLarge)
            return new Problem(ProblemTypes.TooLarge, "A webhook may have 256 KiB.");
        if (id is null)
            return new Problem(ProblemTypes.MalformedRequest, "This is not a webhook about a generation.");

        var isPending = await list.HintAsync(id, context.RequestAborted);
        if (isPending)
            watcher.Nudge();
        log.LogDebug("A webhook named generation {GenerationId}, which is pending: {IsPending}", id, isPending);
        // The same answer whether or not the id is known.
        return TypedResults.Accepted((string?)null);
    }

    /// <summary>Three members are looked at: <c>type</c>, and <c>id</c> of <c>data.object</c>. All else is passed over unread.</summary>
    private static string? Id(ReadOnlySequence<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return
                Member(json.RootElement, "type"u8) is { } type
                && UpstreamError.Text(type) == "image_generation.complete"
                && Member(json.RootElement, "data"u8) is { } data
                && Member(data, "object"u8) is { ValueKind: JsonValueKind.Object } generation
                ? UpstreamGeneration.IdOf(generation)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement? Member(JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;
}
