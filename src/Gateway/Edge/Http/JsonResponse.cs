using System.Buffers;
using System.Text.Json;

namespace Gateway.Edge.Http;

/// <summary>Writes a small JSON answer with its Content-Length.</summary>
internal static class JsonResponse
{
    private static readonly JsonWriterOptions Options = new()
    {
        // Safe because answers are JSON with nosniff, and never embedded in a page.
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
        // A HEAD request gets only the length.
        if (HttpMethods.IsHead(context.Request.Method))
            return Task.CompletedTask;
        // Not the caller's token: the answer to a paid request is written as long as the connection accepts it.
        return response.BodyWriter.WriteAsync(buffer.WrittenMemory, CancellationToken.None).AsTask();
    }
}
