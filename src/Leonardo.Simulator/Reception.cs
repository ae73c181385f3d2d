using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>What every request meets first: it is read and recorded whole, then its key is checked.</summary>
internal sealed class Reception(Account account, CancellationToken stopping)
{
    private readonly Lock gate = new();
    private readonly Queue<ReceivedRequest> received = new();
    private long count;

    public IReadOnlyList<ReceivedRequest> Received
    {
        get
        {
            lock (gate)
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

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.RequestAborted = ending.Token;
        try
        {
            context.Features.Set(Keep(context.Request, await BodyAsync(context)));
            await next(context);
        }
        catch (Exception gone) when (ending.IsCancellationRequested || gone is BadHttpRequestException)
        {
            // The peer went, the simulator stops, or the request was no HTTP: nobody is left to answer.
            context.Abort();
        }
        catch (Exception bug) when (!context.Response.HasStarted)
        {
            // A fault of the simulator's own must not pass for one of Leonardo's.
            await Replies.Rest(500, bug.ToString(), "simulator").WriteAsync(context);
        }
    }

    /// <summary>The API's routes want a key; the images and the storage do not.</summary>
    public Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments("/api/rest", StringComparison.Ordinal))
        {
            return next(context);
        }

        var authorization = context.Request.Headers.Authorization;
        var key = authorization is [{ } only] && only.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? only[7..] : null;
        if (key is null)
        {
            return Replies.UnknownKey.WriteAsync(context);
        }

        if (!Guid.TryParseExact(key, "D", out _))
        {
            return Replies.IllFormedKey.WriteAsync(context);
        }

        if (!account.Admits(key))
        {
            return Replies.UnknownKey.WriteAsync(context);
        }

        return account.AllowsRequest() ? next(context) : Replies.TooManyRequests.WriteAsync(context);
    }

    public void Forget()
    {
        lock (gate)
        {
            received.Clear();
            count = 0;
        }
    }

    private ReceivedRequest Keep(HttpRequest request, byte[] body)
    {
        var headers = new List<KeyValuePair<string, string>>(request.Headers.Count);
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                headers.Add(new(name, value ?? ""));
            }
        }

        var kept = new ReceivedRequest(request.Method, request.Path, request.QueryString.Value ?? "", headers, body, account.Now);
        lock (gate)
        {
            count++;
            received.Enqueue(kept);
            if (received.Count > account.Options.KeepReceived)
            {
                received.Dequeue();
            }
        }

        return kept;
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
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
