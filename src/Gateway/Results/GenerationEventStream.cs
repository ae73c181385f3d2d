using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Tenants;

namespace Gateway.Results;

/// <summary>
/// A generation as server-sent events: <c>status</c> now and at its end, and heartbeat comments in between, so that no
/// proxy closes the connection as idle.
/// </summary>
internal sealed class GenerationEventStream(CompletionWaiters waiters, TimeProvider time)
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    /// <summary>A browser reconnects by itself, with the id of the last event it received.</summary>
    private static readonly TimeSpan MaxDuration = TimeSpan.FromMinutes(30);

    private static readonly string[] JsonTypes = ["application/json", "application/*", "*/*"];

    /// <summary>Whether <c>Accept</c> rates events at least as high as JSON. HEAD never waits for events.</summary>
    public static bool IsPreferred(HttpRequest request)
    {
        var accept = AcceptHeader.From(request.Headers.Accept);
        var events = accept.QualityOf("text/event-stream");
        return events > 0 && events >= JsonTypes.Max(accept.QualityOf) && !HttpMethods.IsHead(request.Method);
    }

    public async Task<IResult> SendAsync(HttpContext context, Tenant tenant, string id)
    {
        var cancellationToken = context.RequestAborted;
        if (await waiters.WaitAsync(tenant, id, TimeSpan.Zero, cancellationToken) is not { } generation)
            return ResultEndpoints.NotFound;
        var seen =
            int.TryParse(
                context.Request.Headers["Last-Event-ID"].ToString(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var version
            )
            // A number that was never sent belongs to another stream.
            && version <= generation.Version
                ? version
                : 0;
        // Nothing newer will come. 204 makes a browser stop reconnecting.
        if (generation.IsEnded && seen >= generation.Version)
            return TypedResults.NoContent();

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "private, no-store";
        // nginx would buffer the stream.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await StreamAsync(context.Response, tenant, generation, seen, PublicUrl.AddressFor(context).Root, cancellationToken);
        return TypedResults.Empty;
    }

    private async Task StreamAsync(
        HttpResponse response,
        Tenant tenant,
        StoredGeneration generation,
        int seen,
        string root,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        await response.WriteAsync("retry: 2000\n\n", cancellationToken);
        while (!waiters.IsStopping)
        {
            if (generation.Version > seen)
                WriteEvent(response.BodyWriter, generation, root);
            else
                await response.WriteAsync(": still there\n\n", cancellationToken);
            await response.BodyWriter.FlushAsync(cancellationToken);
            seen = Math.Max(seen, generation.Version);
            if (generation.IsEnded || time.GetElapsedTime(began) > MaxDuration)
                return;
            // Deleted meanwhile.
            if (await waiters.WaitAsync(tenant, generation.Id, HeartbeatInterval, cancellationToken) is not { } current)
                return;
            generation = current;
        }
    }

    private static void WriteEvent(IBufferWriter<byte> output, StoredGeneration generation, string root)
    {
        Span<byte> head = stackalloc byte[64];
        Encoding.ASCII.TryGetBytes(FormattableString.Invariant($"id: {generation.Version}\nevent: status\ndata: "), head, out var length);
        output.Write(head[..length]);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            GenerationView.WriteMembers(json, generation, root);
            json.WriteEndObject();
        }
        output.Write("\n\n"u8);
    }
}
