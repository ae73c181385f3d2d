using System.Buffers;
using System.IO.Pipelines;
using Gateway.Edge.Limits;
using Gateway.Edge.Problems;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gateway.Edge.Http;

/// <summary>Reads the body of a JSON request into memory, within the limit.</summary>
internal static class RequestBody
{
    private static readonly Problem TooLarge = new(
        ProblemTypes.TooLarge,
        "The body has more than 128 KiB. Nothing was reserved or sent. Shorten the request; images are uploaded separately."
    );

    private static readonly Problem TooSlow = new(
        ProblemTypes.MalformedRequest,
        "The body arrived too slowly. Nothing was reserved or sent. Send the request again."
    )
    {
        Status = StatusCodes.Status408RequestTimeout,
        Close = true,
    };

    private static readonly Problem NoContentType = new(
        ProblemTypes.UnsupportedMediaType,
        "The request has no Content-Type, so its body was not read. Nothing was reserved or sent. Send the header Content-Type: application/json."
    );

    public static readonly Problem NotJson = new(
        ProblemTypes.UnsupportedMediaType,
        "The body was not read: this route takes JSON only. Send it with Content-Type: application/json, in UTF-8, and without a Content-Encoding."
    );

    /// <returns>The bytes, or the refusal (413, 415).</returns>
    /// <param name="maxBytes">The limit of the route.</param>
    /// <param name="tooLarge">The refusal of a longer body.</param>
    /// <exception cref="BadHttpRequestException">The body is too large, badly framed or too slow; <see
    /// cref="ProblemMiddleware"/> answers.</exception>
    public static async Task<(ReadOnlyMemory<byte> Bytes, Problem? Refusal)> ReadJsonAsync(
        HttpRequest request,
        int maxBytes = EdgeFeature.MaxBodyBytes,
        Problem? tooLarge = null
    )
    {
        if (!IsJson(request))
            return (default, StringValues.IsNullOrEmpty(request.Headers.ContentType) ? NoContentType : NotJson);
        tooLarge ??= TooLarge;
        if (request.ContentLength > maxBytes)
            return (default, tooLarge);

        var reader = request.BodyReader;
        var reading = reader.ReadAtLeastAsync(maxBytes + 1, request.HttpContext.RequestAborted);
        // The body nearly always arrives together with the headers.
        var body = reading.IsCompleted ? await reading : await WaitAsync(reading.AsTask(), request.HttpContext);
        var length = body.Buffer.Length;
        var bytes = !body.IsCanceled && length <= maxBytes ? body.Buffer.ToArray() : null;
        reader.AdvanceTo(body.Buffer.End);
        if (bytes is not null)
            return (bytes, null);
        return (default, body.IsCanceled ? TooSlow : tooLarge);
    }

    /// <summary>
    /// A body at the lowest rate that the server accepts could take minutes; after the timeout the read is canceled.
    /// </summary>
    private static async Task<ReadResult> WaitAsync(Task<ReadResult> reading, HttpContext context)
    {
        var services = context.RequestServices;
        var limit = services.GetRequiredService<LimitOptions>().BodyTimeout;
        using var timeout = services
            .GetRequiredService<TimeProvider>()
            .CreateTimer(_ => context.Request.BodyReader.CancelPendingRead(), null, limit, Timeout.InfiniteTimeSpan);
        return await reading;
    }

    private static bool IsJson(HttpRequest request)
    {
        var headers = request.Headers;
        if (headers.ContentType is not [{ } contentType] || !IsUncompressed(headers.ContentEncoding))
            return false;
        if (contentType == "application/json")
            return true;
        return MediaTypeHeaderValue.TryParse(contentType, out var parsed)
            && parsed.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!parsed.Charset.HasValue || IsUtf8(HeaderUtilities.RemoveQuotes(parsed.Charset)));
    }

    /// <summary>The second spelling is wrong, and what some HTTP libraries send.</summary>
    private static bool IsUtf8(StringSegment charset) =>
        charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase);

    private static bool IsUncompressed(StringValues encoding) =>
        encoding is [] || (encoding is [{ } only] && only.Equals("identity", StringComparison.OrdinalIgnoreCase));
}
