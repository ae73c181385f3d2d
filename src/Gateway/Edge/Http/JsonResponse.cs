using System.Buffers;
using System.Text.Json;

namespace Gateway.Edge.Http;

/// <summary>Writes a small JSON answer whole, with its length.</summary>
internal static class JsonResponse
{
    private static readonly JsonWriterOptions Options = new()
    {
        // Answers are JSON with nosniff, never put into a page as they are.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static Task WriteAsync(HttpContext context, string contentType, Action<Utf8JsonWriter> write)
    {
        var response = context.Response;
        response.ContentType = contentType;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        response.ContentLength = buffer.WrittenCount;
        // A HEAD request gets the length alone.
        if (HttpMethods.IsHead(context.Request.Method))
            return Task.CompletedTask;
        // Not the caller's token: what was paid for is answered as far as the connection takes it.
        return response.BodyWriter.WriteAsync(buffer.WrittenMemory, CancellationToken.None).AsTask();
    }
}
