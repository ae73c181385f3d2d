using System.Buffers;
using System.Globalization;
using Gateway.Edge.Problems;
using Microsoft.Net.Http.Headers;

namespace Gateway.Images;

/// <summary>
/// Streams an image from its host or the cache to a caller whose right to it was checked. It is never held in memory as
/// a whole.
/// </summary>
internal sealed class ImageSender(ImageStore store, ImageDownloads downloads, Thumbnails thumbnails)
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Called for each image whose delivery ends before all its bytes were sent.</summary>
    public Action? Interrupted { get; set; }

    /// <param name="id">
    /// Identifies the bytes for ever, because the upstream gives every new picture a new id. It therefore is the strong
    /// ETag.
    /// </param>
    /// <param name="url">Null: the upstream did not state an address.</param>
    public Task SendAsync(HttpContext context, string tenant, string id, Uri? url) =>
        SendAsync(context, tenant, id, _ => Task.FromResult<(Uri?, Problem?)>((url, null)));

    /// <param name="findUrl">Not called if the image is cached.</param>
    public Task SendAsync(
        HttpContext context,
        string tenant,
        string id,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl
    ) =>
        SendAsync(
            context,
            id,
            async cancellationToken =>
            {
                if (await store.OpenAsync(id, cancellationToken) is { } cached)
                    return (cached, null);
                var (headers, tag) = (context.Request.GetTypedHeaders(), Tag(id));
                if (!HttpMethods.IsGet(context.Request.Method) || !ByteRange.IsAsked(headers, tag))
                    return await downloads.OpenAsync(tenant, id, findUrl, cancellationToken);
                var (part, refusal) = await downloads.OpenPartAsync(
                    tenant,
                    id,
                    length => ByteRange.Read(headers, tag, length),
                    findUrl,
                    cancellationToken
                );
                return part is null && refusal is null
                    ? await downloads.OpenAsync(tenant, id, findUrl, cancellationToken)
                    : (part, refusal);
            }
        );

    /// <summary>A small WebP of the image, with an ETag of its own.</summary>
    /// <param name="width">One of <see cref="Thumbnails.Widths"/>.</param>
    public Task SendThumbnailAsync(HttpContext context, string tenant, string id, Uri? url, int width) =>
        SendAsync(
            context,
            string.Create(CultureInfo.InvariantCulture, $"{id}-{width}"),
            async cancellationToken =>
            {
                var (bytes, refusal) = await thumbnails.GetAsync(
                    tenant,
                    id,
                    width,
                    _ => Task.FromResult<(Uri?, Problem?)>((url, null)),
                    cancellationToken
                );
                return bytes is null
                    ? (null, refusal)
                    : (await OpenImage.FromAsync(new MemoryStream(bytes, writable: false), bytes.Length, null, cancellationToken), null);
            }
        );

    private async Task SendAsync(HttpContext context, string id, Func<CancellationToken, Task<(OpenImage? Image, Problem? Refusal)>> open)
    {
        var request = context.Request.GetTypedHeaders();
        var tag = Tag(id);
        if (request.IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false)))
        {
            WriteCacheHeaders(context.Response, tag);
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var (image, refusal) = await open(context.RequestAborted);
        if (image is null)
        {
            await refusal!.ExecuteAsync(context);
            return;
        }

        await using (image)
        {
            var range = image.Part is { } part ? new ByteRange(part.From, image.Length) : ByteRange.Read(request, tag, image.Length);
            if (range is null)
            {
                context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{image.Length}");
                await new Problem(ProblemTypes.RangeNotSatisfiable, $"The image has {image.Length} bytes.").ExecuteAsync(context);
                return;
            }
            WriteCacheHeaders(context.Response, tag);
            WriteContentHeaders(context.Response, id, image, range);
            if (HttpMethods.IsHead(context.Request.Method))
                return;
            await CopyAsync(context, image, range);
        }
    }

    /// <summary>From the cache, or from its host.</summary>
    /// <param name="findUrl">Not called if the image is cached.</param>
    /// <returns>The image, or the refusal for the caller.</returns>
    public async Task<(OpenImage? Image, Problem? Refusal)> OpenAsync(
        string tenant,
        string id,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl,
        CancellationToken cancellationToken
    ) =>
        await store.OpenAsync(id, cancellationToken) is { } cached
            ? (cached, null)
            : await downloads.OpenAsync(tenant, id, findUrl, cancellationToken);

    private static EntityTagHeaderValue Tag(string id) => new($"\"{id}\"");

    private static void WriteCacheHeaders(HttpResponse response, EntityTagHeaderValue tag)
    {
        response.Headers.ETag = tag.ToString();
        response.Headers.CacheControl = "private, max-age=31536000, immutable";
        response.Headers.AcceptRanges = "bytes";
        // A page of another site cannot show it with the identity of the employee who visits that page (T-K17).
        response.Headers["Cross-Origin-Resource-Policy"] = "same-site";
    }

    private static void WriteContentHeaders(HttpResponse response, string id, OpenImage image, ByteRange range)
    {
        response.ContentType = image.Format.MediaType;
        response.Headers.ContentDisposition = $"inline; filename=\"{id}.{image.Format.Extensions[0]}\"";
        response.ContentLength = range.Count ?? image.Length;
        if (range.IsWhole)
            return;
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.Headers.ContentRange = string.Create(
            CultureInfo.InvariantCulture,
            $"bytes {range.From}-{range.From + range.Count - 1}/{image.Part?.Total ?? image.Length}"
        );
    }

    /// <summary>
    /// Reads from the beginning of what is open, and skips the bytes before the range.
    /// </summary>
    private async Task CopyAsync(HttpContext context, OpenImage image, ByteRange range)
    {
        var cancellationToken = context.RequestAborted;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var (position, end) = (image.Part?.From ?? 0, range.Count is { } count ? range.From + count : long.MaxValue);
            while (position < end)
            {
                var read = await image.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                    break;
                var from = (int)Math.Clamp(range.From - position, 0, read);
                var to = (int)Math.Min(end - position, read);
                if (from < to)
                    await context.Response.Body.WriteAsync(buffer.AsMemory(from, to - from), cancellationToken);
                position += read;
            }
            if (position < Math.Min(end, image.Part?.Total ?? image.Length ?? 0))
                throw new IOException("the image ended before its stated length");
        }
        catch (IOException)
        {
            // Content-Length has been sent: only a broken connection shows the caller that the image is incomplete.
            Interrupted?.Invoke();
            context.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
