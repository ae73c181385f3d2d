using System.Buffers;
using System.Globalization;
using Gateway.Edge.Problems;
using Microsoft.Net.Http.Headers;

namespace Gateway.Images;

/// <summary>Carries an image from its host, or from the store, to a caller who has the right to it: piece by piece, never whole in memory.</summary>
internal sealed class ImageEndpoints(ImageDownloader host, ImageStore store)
{
    private const int PieceBytes = 64 * 1024;

    /// <param name="id">Names the bytes for ever: the upstream makes a new id for a new picture. So it is the strong ETag too.</param>
    public async Task SendAsync(HttpContext context, string id, Uri? url)
    {
        var request = context.Request.GetTypedHeaders();
        var tag = new EntityTagHeaderValue($"\"{id}\"");
        if (request.IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false)))
        {
            Describe(context.Response, tag);
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var gone = context.RequestAborted;
        var image = await store.OpenAsync(id, gone);
        var isKept = image is not null;
        if (image is null)
        {
            (image, var refusal) = url is null ? (null, NoAddress) : await host.OpenAsync(url, gone);
            if (image is null)
            {
                await refusal!.ExecuteAsync(context);
                return;
            }
        }

        await using (image)
        {
            if (ByteRange.Of(request, tag, image.Length) is not { } range)
            {
                context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{image.Length}");
                await new Problem(ProblemTypes.RangeNotSatisfiable, $"The image has {image.Length} bytes.").ExecuteAsync(context);
                return;
            }
            Describe(context.Response, tag);
            Describe(context.Response, id, image, range);
            if (HttpMethods.IsHead(context.Request.Method))
                return;
            await using var copy = isKept || !range.IsWhole ? null : store.Begin(id, image.Length);
            await CopyAsync(context, image, range, copy);
        }
    }

    private static readonly Problem NoAddress = new(ProblemTypes.UpstreamUnreachable, "Leonardo has not said where the image is.");

    private static void Describe(HttpResponse response, EntityTagHeaderValue tag)
    {
        response.Headers.ETag = tag.ToString();
        response.Headers.CacheControl = "private, max-age=31536000, immutable";
        response.Headers.AcceptRanges = "bytes";
    }

    private static void Describe(HttpResponse response, string id, OpenImage image, ByteRange range)
    {
        response.ContentType = image.Format.MediaType;
        response.Headers.ContentDisposition = $"inline; filename=\"{id}.{image.Format.Extensions[0]}\"";
        response.ContentLength = range.Count ?? image.Length;
        if (range.IsWhole)
            return;
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.Headers.ContentRange = string.Create(
            CultureInfo.InvariantCulture,
            $"bytes {range.From}-{range.From + range.Count - 1}/{image.Length}"
        );
    }

    /// <summary>The host is always read from the beginning, as only the first bytes tell that it is an image; what lies before the range is passed over.</summary>
    private static async Task CopyAsync(HttpContext context, OpenImage image, ByteRange range, ImageCopy? copy)
    {
        var gone = context.RequestAborted;
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            var (at, end) = (0L, range.Count is { } count ? range.From + count : long.MaxValue);
            while (at < end)
            {
                var read = await image.ReadAsync(buffer, gone);
                if (read == 0)
                    break;
                if (copy is not null)
                    await copy.WriteAsync(buffer.AsMemory(0, read), gone);
                var from = (int)Math.Clamp(range.From - at, 0, read);
                var to = (int)Math.Min(end - at, read);
                if (from < to)
                    await context.Response.Body.WriteAsync(buffer.AsMemory(from, to - from), gone);
                at += read;
            }
            if (at < Math.Min(end, image.Length ?? 0))
                throw new IOException("the image broke off");
            if (copy is not null)
                await copy.FinishAsync();
        }
        catch (IOException)
        {
            // Its length is told already: a caller must see that this is not the whole.
            context.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
