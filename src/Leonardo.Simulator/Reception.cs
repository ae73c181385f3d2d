using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>The first middleware of every request: reads and records it as a whole, then checks its key.</summary>
internal sealed class Reception(Account account, CancellationToken cancellationToken)
{
    private readonly Lock sync = new();
    private readonly Queue<ReceivedRequest> received = new();
    private long count;

    public IReadOnlyList<ReceivedRequest> Received
    {
        get
        {
            lock (sync)
            {
                return [.. received];
            }
        }
    }

    public long Count => Interlocked.Read(ref count);

    public async Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.StartsWithSegments("/_sim", StringComparison.Ordinal) && context.Request.Path != "/_sim/trap")
        {
            await next(context);
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, cancellationToken);
        context.RequestAborted = either.Token;
        try
        {
            context.Features.Set(Record(context.Request, await ReadBodyAsync(context)));
            await next(context);
        }
        catch (Exception exception) when (either.IsCancellationRequested || exception is BadHttpRequestException)
        {
            // The peer disconnected, the simulator stops, or the request was malformed: there is no one to answer.
            context.Abort();
        }
        catch (Exception bug) when (!context.Response.HasStarted)
        {
            // A bug of the simulator must not look like a fault of Leonardo.
            await Replies.Rest(500, bug.ToString(), "simulator").WriteAsync(context);
        }
    }

    /// <summary>The API requires a key; images and storage do not.</summary>
    public Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments("/api/rest", StringComparison.Ordinal))
        {
            return next(context);
        }

        var authorization = context.Request.Headers.Authorization;
        var key = authorization is [{ } value] && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value[7..] : null;
        if (key is null)
        {
            return Replies.UnknownKey.WriteAsync(context);
        }

        if (!Guid.TryParseExact(key, "D", out _))
        {
            return Replies.IllFormedKey.WriteAsync(context);
        }

        if (!account.Accepts(key))
        {
            return Replies.UnknownKey.WriteAsync(context);
        }

        return account.AllowsRequest() ? next(context) : Replies.TooManyRequests.WriteAsync(context);
    }

    public void Reset()
    {
        lock (sync)
        {
            received.Clear();
            count = 0;
        }
    }

    private ReceivedRequest Record(HttpRequest request, byte[] body)
    {
        var headers = new List<KeyValuePair<string, string>>(request.Headers.Count);
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                headers.Add(new(name, value ?? ""));
            }
        }

        var recorded = new ReceivedRequest(request.Method, request.Path, request.QueryString.Value ?? "", headers, body, account.Now);
        lock (sync)
        {
            count++;
            received.Enqueue(recorded);
            if (received.Count > account.Options.KeepReceived)
            {
                received.Dequeue();
            }
        }

        return recorded;
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
