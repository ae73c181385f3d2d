using System.Buffers;
using System.Text.Json;
using Gateway.Edge.Problems;
using Gateway.Leonardo.Replies;
using Gateway.Results;

namespace Gateway.Webhooks;

/// <summary>
/// <c>POST /webhooks/leonardo</c>: only a hint that a generation may have ended. The watcher asks the upstream itself,
/// so any number of webhooks for one generation, forged or repeated, cost one read (T-I2). The body contains the
/// account's key: it is never logged, stored or quoted (T-C2).
/// </summary>
internal sealed partial class WebhookEndpoint(WebhookKey key, PollQueue queue, Watcher watcher, ILogger<WebhookEndpoint> log)
{
    private const int MaxBytes = 256 * 1024;
    private const int MaxDepth = 16;

    public async Task<IResult> ReceiveAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization is not [var authorization] || !key.Accepts(authorization))
            return new Problem(ProblemTypes.Unidentified, "The callback key is missing or wrong.")
            {
                Authenticate = "Bearer realm=\"webhook\"",
            };

        var reader = context.Request.BodyReader;
        var read = await reader.ReadAtLeastAsync(MaxBytes + 1, context.RequestAborted);
        var isTooLarge = read.Buffer.Length > MaxBytes;
        var id = isTooLarge ? null : ParseGenerationId(read.Buffer);
        reader.AdvanceTo(read.Buffer.End);
        if (isTooLarge)
            return new Problem(ProblemTypes.TooLarge, "A webhook may have at most 256 KiB.");
        if (id is null)
            return new Problem(ProblemTypes.MalformedRequest, "The body is not a webhook about a generation.");

        var isHint = await queue.MakeDueAsync(id, context.RequestAborted);
        if (isHint)
            watcher.Wake();
        Log.Received(log, id, isHint);
        // The same answer whether or not the id is known (T-I3).
        return TypedResults.Accepted((string?)null);
    }

    /// <summary>Reads only <c>type</c> and <c>data.object.id</c>, and ignores everything else (T-I4).</summary>
    private static string? ParseGenerationId(ReadOnlySequence<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return
                UpstreamJson.GetString(json.RootElement, "type"u8) == "image_generation.complete"
                && UpstreamJson.GetMember(json.RootElement, "data"u8) is { } data
                && UpstreamJson.GetMember(data, "object"u8) is { } generation
                ? UpstreamJson.GetId(generation)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Debug,
            Message = "A webhook named generation {GenerationId}. It is polled now, because this is its first one: {IsPolled}"
        )]
        public static partial void Received(ILogger log, string generationId, bool isPolled);
    }
}
