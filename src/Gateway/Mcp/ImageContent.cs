using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Results;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp;

/// <summary>The bytes of images in messages: few in the result of a call, the others as links.</summary>
internal sealed partial class ImageContent(
    GenerationRepository generations,
    ImageSender images,
    MessageMemory memory,
    ILogger<ImageContent> log
)
{
    /// <summary>
    /// Of one result together: in base64, with the text around it, less than the 1,048,576 bytes that hosts take.
    /// </summary>
    public const int MaxBytes = 700_000;

    /// <summary>Of one image that is read as a resource.</summary>
    public const int MaxResourceBytes = 8_000_000;

    /// <summary>The images of a generation in their order, as content as long as they fit.</summary>
    public async Task<IReadOnlyList<ContentBlock>> GetAsync(
        ToolCall call,
        string generationId,
        IReadOnlyList<string> imageIds,
        CancellationToken cancellationToken
    )
    {
        var blocks = new List<ContentBlock>();
        var left = MaxBytes;
        foreach (var id in imageIds)
        {
            var (bytes, format, _) = left > 0 ? await TryReadAsync(call, generationId, id, left, cancellationToken) : default;
            if (bytes is null)
            {
                // The rest stays in order: links behind images, not between them.
                left = 0;
                blocks.Add(CreateLink(generationId, id, format));
            }
            else
            {
                left -= bytes.Length;
                blocks.Add(ImageContentBlock.FromBytes(bytes, format!.MediaType));
            }
        }
        return blocks;
    }

    /// <returns>The bytes; or a refusal; or only the format: it does not fit.</returns>
    public async Task<(byte[]? Bytes, ImageFormat? Format, Problem? Refusal)> ReadAsync(
        HttpContext context,
        string tenant,
        string generationId,
        string id,
        int maxBytes,
        CancellationToken cancellationToken
    )
    {
        var (found, url) = await generations.FindImageAsync(tenant, generationId, id, cancellationToken);
        if (!found)
            return (null, null, ResultEndpoints.NotFound);
        var (image, refusal) = await images.OpenAsync(tenant, id, _ => Task.FromResult<(Uri?, Problem?)>((url, null)), cancellationToken);
        if (image is null)
            return (null, null, refusal);
        await using (image)
        {
            if (image.Length > maxBytes)
                return (null, image.Format, null);
            // What is not used of an image of unknown length is taken all the same.
            var room = (int)(image.Length ?? maxBytes);
            if (memory.TryTake(context, tenant, room) is null)
                return (null, image.Format, MessageReader.NoRoom());
            return (await ReadAsync(image, room, cancellationToken), image.Format, null);
        }
    }

    /// <returns>Null: it is longer than <paramref name="maxBytes"/>.</returns>
    private static async Task<byte[]?> ReadAsync(OpenImage image, int maxBytes, CancellationToken cancellationToken)
    {
        // One byte more shows that it is longer.
        var buffer = new byte[maxBytes + 1];
        var length = 0;
        int read;
        while (length < buffer.Length && (read = await image.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
            length += read;
        if (image.Length is { } stated && length < stated)
            throw new IOException("the image ended before its stated length");
        return length > maxBytes ? null : buffer[..length];
    }

    /// <summary>The generation is paid: a picture that cannot be fetched now is a link.</summary>
    private async Task<(byte[]? Bytes, ImageFormat? Format, Problem? Refusal)> TryReadAsync(
        ToolCall call,
        string generationId,
        string id,
        int maxBytes,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ReadAsync(call.Context, call.Tenant.Id, generationId, id, maxBytes, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or StoreUnavailableException)
        {
            Log.NotRead(log, exception.GetType().Name);
            return default;
        }
    }

    private static ResourceLinkBlock CreateLink(string generationId, string id, ImageFormat? format) =>
        new()
        {
            Uri = ResourceUri.ForImage(generationId, id),
            Name = $"{id}.{(format ?? ImageFormat.Jpeg).Extensions[0]}",
            MimeType = (format ?? ImageFormat.Jpeg).MediaType,
        };

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "An image could not be read for the result of a tool ({Fault:l}). Its host got a link and can read it later"
        )]
        public static partial void NotRead(ILogger log, string fault);
    }
}
