using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Images;

namespace Gateway.OpenAi;

/// <summary>Images in JSON. Their bytes are never in memory as a whole.</summary>
internal static class ImageJson
{
    /// <summary>A multiple of three: no chunk but the last is padded.</summary>
    private const int ChunkBytes = 48 * 1024;

    /// <summary>What the upstream delivers, whatever was asked for.</summary>
    public const string Format = "jpeg";

    public static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <param name="members">Writes what stands before the image.</param>
    /// <exception cref="IOException">The image could not be read to its end.</exception>
    public static async Task WriteAsync(
        PipeWriter output,
        MadeImage image,
        Action<Utf8JsonWriter> members,
        CancellationToken cancellationToken
    )
    {
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            members(json);
            if (image.Url is { } url)
                json.WriteString("url"u8, url);
            if (image.Content is null)
                json.WriteEndObject();
            else
                json.WritePropertyName("b64_json"u8);
        }
        if (image.Content is not { } content)
            return;
        output.Write("\""u8);
        await WriteBase64Async(output, content, cancellationToken);
        output.Write("\"}"u8);
    }

    private static async Task WriteBase64Async(PipeWriter output, OpenImage image, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var (filled, total, read) = (0, 0L, 0);
            do
            {
                read = await image.ReadAsync(buffer.AsMemory(filled, ChunkBytes - filled), cancellationToken);
                filled += read;
                total += read;
                if (read > 0 && filled < ChunkBytes)
                    continue;
                var encoded = output.GetSpan(Base64.GetMaxEncodedToUtf8Length(filled));
                Base64.EncodeToUtf8(buffer.AsSpan(0, filled), encoded, out _, out var written);
                output.Advance(written);
                await output.FlushAsync(cancellationToken);
                filled = 0;
            } while (read > 0);
            if (image.Length is { } length && total != length)
                throw new IOException("the image ended before its stated length");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
