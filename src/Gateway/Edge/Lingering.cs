using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Edge;

/// <summary>
/// Takes the rest of a body that was refused for its length off the wire, unread, for a while. Closed at once, the connection would be reset under a sender
/// that is still sending, and most clients would tell of a broken pipe and never of the 413.
/// </summary>
internal static class Lingering
{
    /// <summary>The server's own limit for a body: what a route takes is counted by the route, and is less.</summary>
    public const long MaxBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    /// <summary>After the answer was written.</summary>
    public static async Task PassOverAsync(HttpContext context)
    {
        var request = context.Request;
        // Told what is wrong before it sent anything, such a client sends nothing.
        if (request.Headers.Expect.Count > 0)
            return;
        // Counted here instead.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        using var patience = new CancellationTokenSource(Longest, context.RequestServices.GetRequiredService<TimeProvider>());
        try
        {
            await context.Response.CompleteAsync();
            var (passed, isAtEnd) = (0L, false);
            while (!isAtEnd && passed < MaxBytes)
            {
                var read = await request.BodyReader.ReadAsync(patience.Token);
                passed += read.Buffer.Length;
                isAtEnd = read.IsCompleted;
                request.BodyReader.AdvanceTo(read.Buffer.End);
            }
        }
        catch (Exception enough) when (enough is OperationCanceledException or IOException)
        {
            // Too long, too slow, or gone: the connection is closed now.
        }
    }
}
