using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Gateway.Edge.Content;

/// <summary>
/// Bytes that are the same for every caller: kept in memory, compressed once, and not sent to a caller that has them
/// (T-K2).
/// </summary>
/// <param name="isCompressed">False for bytes that are not kept: to compress them costs more than it saves.</param>
internal sealed class PreparedContent(byte[] bytes, string mediaType, bool isCompressed = true) : IResult
{
    /// <summary>Smaller content costs more to compress than to send.</summary>
    private const int SmallestCompressed = 1024;

    private const int BrotliQuality = 9;
    private const int BrotliWindow = 22;

    private readonly string _digest = VersionOf(bytes);
    private readonly Lazy<byte[]?> _brotli = new(() => Smaller(bytes, CompressBrotli));
    private readonly Lazy<byte[]?> _gzip = new(() => Smaller(bytes, CompressGzip));

    /// <summary>What an address states as <c>?v=</c>, so that a cache may keep these very bytes for ever.</summary>
    public static string VersionOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16));

    /// <summary>Answers GET and HEAD.</summary>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        var (body, encoding) = Choose(request);
        // Each encoding has its own: it identifies the bytes that are sent (RFC 9110, 8.8.3).
        var tag = new EntityTagHeaderValue(encoding is null ? $"\"{_digest}\"" : $"\"{_digest}-{encoding}\"");
        response.Headers.ETag = tag.ToString();
        // An address without the version is asked for every time: a cache must not mix the files of two versions.
        response.Headers.CacheControl = request.Query["v"] == _digest ? "public, max-age=31536000, immutable" : "no-cache";
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (IsKnown(request, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        response.ContentType = mediaType;
        response.ContentLength = body.Length;
        if (encoding is not null)
            response.Headers.ContentEncoding = encoding;
        return HttpMethods.IsHead(request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }

    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag)
    {
        if (request.Headers.IfNoneMatch.Count == 0)
            return false;
        foreach (var known in request.GetTypedHeaders().IfNoneMatch)
        {
            if (known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false))
                return true;
        }
        return false;
    }

    private (byte[] Body, string? Encoding) Choose(HttpRequest request)
    {
        if (!isCompressed || request.Headers.AcceptEncoding.Count == 0 || bytes.Length < SmallestCompressed)
            return (bytes, null);
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        if (Accepts(accepted, "br") && _brotli.Value is { } brotli)
            return (brotli, "br");
        return Accepts(accepted, "gzip") && _gzip.Value is { } gzip ? (gzip, "gzip") : (bytes, null);
    }

    /// <summary>Only by name: a caller that accepts anything has no use for compression.</summary>
    private static bool Accepts(IList<StringWithQualityHeaderValue> accepted, string encoding)
    {
        foreach (var one in accepted)
        {
            if (one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase))
                return one.Quality is null or > 0;
        }
        return false;
    }

    /// <returns>Null: it does not get smaller.</returns>
    private static byte[]? Smaller(byte[] bytes, Func<byte[], byte[]> compress) =>
        compress(bytes) is { } compressed && compressed.Length < bytes.Length ? compressed : null;

    private static byte[] CompressBrotli(byte[] bytes)
    {
        var output = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        return BrotliEncoder.TryCompress(bytes, output, out var length, BrotliQuality, BrotliWindow) ? output[..length] : bytes;
    }

    private static byte[] CompressGzip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.SmallestSize))
            gzip.Write(bytes);
        return output.ToArray();
    }
}
