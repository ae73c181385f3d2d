using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;

namespace Gateway.Results;

/// <summary>What an event stream shows: it only goes on, and ends.</summary>
internal interface IStatus
{
    /// <summary>The id of its current event; it only grows.</summary>
    long Version { get; }

    bool IsEnded { get; }

    /// <param name="root">Where the caller reaches the gateway.</param>
    void WriteMembers(Utf8JsonWriter json, string root);
}

/// <summary>
/// A generation or a job as server-sent events: <c>status</c> now, at each change and at its end, and heartbeat
/// comments in between, so that no proxy closes the connection as idle.
/// </summary>
internal sealed class StatusEventStream(CompletionWaiters waiters, TimeProvider time)
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

    /// <param name="first">As it is now.</param>
    /// <param name="next">Waits so long for a change, or for less; null: it was deleted.</param>
    public async Task<IResult> SendAsync<T>(HttpContext context, T first, Func<T, TimeSpan, Task<T?>> next)
        where T : class, IStatus
    {
        var seen =
            long.TryParse(
                context.Request.Headers["Last-Event-ID"].ToString(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var version
            )
            // A number that was never sent belongs to another stream.
            && version <= first.Version
                ? version
                : 0;
        // Nothing newer will come. 204 makes a browser stop reconnecting.
        if (first.IsEnded && seen >= first.Version)
            return TypedResults.NoContent();

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "private, no-store";
        // nginx would buffer the stream.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await StreamAsync(context, first, next, seen);
        return TypedResults.Empty;
    }

    private async Task StreamAsync<T>(HttpContext context, T current, Func<T, TimeSpan, Task<T?>> next, long seen)
        where T : class, IStatus
    {
        var (response, cancellationToken) = (context.Response, context.RequestAborted);
        var root = PublicUrl.AddressFor(context).Root;
        var began = time.GetTimestamp();
        await response.WriteAsync("retry: 2000\n\n", cancellationToken);
        while (!waiters.IsStopping)
        {
            if (current.Version > seen)
                WriteEvent(response.BodyWriter, current, root);
            else
                await response.WriteAsync(": still there\n\n", cancellationToken);
            await response.BodyWriter.FlushAsync(cancellationToken);
            seen = Math.Max(seen, current.Version);
            if (current.IsEnded || time.GetElapsedTime(began) > MaxDuration)
                return;
            // Deleted meanwhile.
            if (await next(current, HeartbeatInterval) is not { } changed)
                return;
            current = changed;
        }
    }

    private static void WriteEvent(IBufferWriter<byte> output, IStatus status, string root)
    {
        Span<byte> head = stackalloc byte[64];
        Encoding.ASCII.TryGetBytes(FormattableString.Invariant($"id: {status.Version}\nevent: status\ndata: "), head, out var length);
        output.Write(head[..length]);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            status.WriteMembers(json, root);
            json.WriteEndObject();
        }
        output.Write("\n\n"u8);
    }
}
