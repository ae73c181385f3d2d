using System.Buffers;
using System.IO.Pipelines;
using Gateway.Edge;
using Microsoft.Net.Http.Headers;

namespace Gateway.Generations;

/// <summary>Takes the body of a JSON request into memory, whole, within the limit.</summary>
internal static class RequestBody
{
    private static readonly Problem TooLarge = new(Problems.TooLarge, "The body has more than 128 KiB.");

    /// <returns>The bytes, or the refusal (413, 415).</returns>
    /// <exception cref="BadHttpRequestException">The body is larger than allowed, badly framed or too slow; <see cref="ProblemMiddleware"/> answers.</exception>
    public static async Task<(ReadOnlyMemory<byte> Bytes, Problem? Refusal)> ReadJsonAsync(HttpRequest request)
    {
        if (!IsJson(request))
        {
            return (
                default,
                new Problem(
                    Problems.UnsupportedMediaType,
                    "Send the body with Content-Type: application/json, in UTF-8, and without a Content-Encoding."
                )
            );
        }
        if (request.ContentLength > EdgeFeature.MaxBodyBytes)
            return (default, TooLarge);

        var reader = request.BodyReader;
        var body = await reader.ReadAtLeastAsync(EdgeFeature.MaxBodyBytes + 1, request.HttpContext.RequestAborted);
        var bytes = body.Buffer.Length <= EdgeFeature.MaxBodyBytes ? body.Buffer.ToArray() : null;
        reader.AdvanceTo(body.Buffer.End);
        return bytes is null ? (default, TooLarge) : (bytes, null);
    }

    private static bool IsJson(HttpRequest request)
    {
        var headers = request.Headers;
        if (headers.ContentEncoding.Count > 0 || headers.ContentType is not [{ } contentType])
            return false;
        if (contentType == "application/json")
            return true;
        return MediaTypeHeaderValue.TryParse(contentType, out var parsed)
            && parsed.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (
                !parsed.Charset.HasValue || HeaderUtilities.RemoveQuotes(parsed.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            );
    }
}
