using System.Buffers;
using System.Text.Json;

namespace Gateway.Edge.Http;

/// <summary>Writes a small JSON answer with its Content-Length.</summary>
internal static class JsonResponse
{
    public static Task WriteAsync(HttpContext context, string contentType, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = contentType;
        Write(context, write);
        // Not the caller's token: the answer to a paid request is written as long as the connection accepts it.
        return context.Response.BodyWriter.FlushAsync(CancellationToken.None).AsTask();
    }

    /// <summary>Copied, because the buffer is used again. A HEAD request gets only the length.</summary>
    private static void Write(HttpContext context, Action<Utf8JsonWriter> write)
    {
        using var buffer = JsonBuffer.Rent();
        write(buffer.Json);
        context.Response.ContentLength = buffer.Written.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            context.Response.BodyWriter.Write(buffer.Written);
    }
}
