using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Tenants;
using Microsoft.Net.Http.Headers;

namespace Gateway.Results;

/// <summary>A generation as server-sent events: <c>status</c> now and at its end, with a comment now and then so that nobody in between hangs up.</summary>
internal sealed class GenerationEventStream(CompletionWaiters waiters, TimeProvider time)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Then the stream ends; a browser comes back by itself, with the id of the last event it saw.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    private static readonly string[] Json = ["application/json", "application/*", "*/*"];

    /// <summary>Not liked less than JSON.</summary>
    public static bool AreWanted(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var types))
            return false;
        var events = QualityOf(types, "text/event-stream");
        return events > 0 && events >= Json.Max(name => QualityOf(types, name));
    }

    private static double QualityOf(IEnumerable<MediaTypeHeaderValue> types, string name) =>
        types
            .Where(type => type.MediaType.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Select(type => type.Quality ?? 1)
            .DefaultIfEmpty(0)
            .Max();

    public async Task<IResult> SendAsync(HttpContext context, Tenant tenant, string id)
    {
        var cancellationToken = context.RequestAborted;
        if (await waiters.WaitAsync(tenant, id, TimeSpan.Zero, cancellationToken) is not { } now)
            return ResultEndpoints.NotFound;
        var seen =
            int.TryParse(
                context.Request.Headers["Last-Event-ID"].ToString(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var version
            )
            // One that never was is of another stream: it has seen nothing of this one.
            && version <= now.Version
                ? version
                : 0;
        // Nothing is left to tell: 204 is what makes a browser stop coming back.
        if (now.IsEnded && seen >= now.Version)
            return TypedResults.NoContent();

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "private, no-store";
        // nginx holds back answers that it does not know to be streams.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await FollowAsync(context.Response, tenant, now, seen, GenerationView.OriginOf(context.Request), cancellationToken);
        return TypedResults.Empty;
    }

    private async Task FollowAsync(
        HttpResponse response,
        Tenant tenant,
        StoredGeneration now,
        int seen,
        string origin,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        await response.WriteAsync("retry: 2000\n\n", cancellationToken);
        while (!waiters.IsStopping)
        {
            if (now.Version > seen)
                Write(response.BodyWriter, now, origin);
            else
                await response.WriteAsync(": still there\n\n", cancellationToken);
            await response.BodyWriter.FlushAsync(cancellationToken);
            seen = Math.Max(seen, now.Version);
            if (now.IsEnded || time.GetElapsedTime(began) > Longest)
                return;
            // Deleted meanwhile: there is nothing more to say.
            if (await waiters.WaitAsync(tenant, now.Id, Heartbeat, cancellationToken) is not { } then)
                return;
            now = then;
        }
    }

    private static void Write(IBufferWriter<byte> output, StoredGeneration generation, string origin)
    {
        Span<byte> head = stackalloc byte[64];
        Encoding.ASCII.TryGetBytes(FormattableString.Invariant($"id: {generation.Version}\nevent: status\ndata: "), head, out var length);
        output.Write(head[..length]);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            GenerationView.Write(json, generation, origin);
            json.WriteEndObject();
        }
        output.Write("\n\n"u8);
    }
}
