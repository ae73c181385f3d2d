using System.Globalization;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Images;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Gateway.Uploads;

/// <summary>
/// The file of a <c>multipart/form-data</c> request, in a temporary file: storage needs its length before its first
/// byte, and memory has to suffice for many callers.
/// </summary>
/// <param name="Content">Positioned at its beginning. The file is deleted when the stream is closed.</param>
internal sealed record ReceivedFile(FileStream Content, ImageFormat Format) : IAsyncDisposable
{
    /// <summary>The upstream's documented limit.</summary>
    public const long MaxBytes = 25_000_000;

    /// <summary>The file and the form around it.</summary>
    public const long MaxRequestBytes = MaxBytes + 256 * 1024;

    private const int MaxParts = 40;
    private const int MaxFieldBytes = 16 * 1024;
    private const int BufferBytes = 64 * 1024;
    private const string FileField = "file";

    public static readonly IReadOnlyList<ImageFormat> AcceptedFormats = [ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.WebP];

    public static ImageFormat? FindFormat(string? extension) =>
        AcceptedFormats.FirstOrDefault(format => format.Extensions.Contains(extension, StringComparer.Ordinal));

    /// <param name="expected">The required format; null: the one that the file name states, or any.</param>
    /// <returns>The file, or the refusal: 400, 413, 415 or 503.</returns>
    public static async Task<(ReceivedFile? File, Problem? Refusal)> ReadAsync(
        HttpRequest request,
        ImageFormat? expected,
        TemporaryFiles files
    )
    {
        if (
            !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 200 } boundary
            || request.Headers.ContentEncoding.Count > 0
        )
            return (null, new Problem(ProblemTypes.UnsupportedMediaType, "Send the file as multipart/form-data, in a part named file."));
        if (request.ContentLength > MaxRequestBytes)
            return (null, TooLarge());

        var reader = new MultipartReader(boundary, request.Body) { HeadersCountLimit = 8, HeadersLengthLimit = 4096 };
        try
        {
            return await ReadPartsAsync(reader, expected, files, request.HttpContext.RequestAborted);
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is IOException and not BadHttpRequestException))
        {
            return (
                null,
                new Problem(ProblemTypes.MalformedRequest, "The body is not well-formed multipart/form-data, or it is incomplete.")
            );
        }
    }

    public ValueTask DisposeAsync() => Content.DisposeAsync();

    private static async Task<(ReceivedFile? File, Problem? Refusal)> ReadPartsAsync(
        MultipartReader reader,
        ImageFormat? expected,
        TemporaryFiles files,
        CancellationToken cancellationToken
    )
    {
        for (var part = 0; part < MaxParts && await reader.ReadNextSectionAsync(cancellationToken) is { } section; part++)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                continue;
            if (HeaderUtilities.RemoveQuotes(disposition.Name) == FileField)
            {
                // As storage does: the file is the last part, and whatever follows is ignored.
                var name = HeaderUtilities
                    .RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName)
                    .Value;
                return await StoreAsync(section.Body, expected ?? FindFormat(GetExtension(name)), files, cancellationToken);
            }
            // The fields of the gateway's own upload form hold no information.
            await SkipAsync(section.Body, cancellationToken);
        }
        return (null, Invalid("required", "is required: the image, as a part named file"));
    }

    private static async Task<(ReceivedFile? File, Problem? Refusal)> StoreAsync(
        Stream body,
        ImageFormat? expected,
        TemporaryFiles files,
        CancellationToken cancellationToken
    )
    {
        var head = new byte[ImageFormat.SniffBytes];
        var read = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (ImageFormat.Sniff(head.AsSpan(0, read)) is not { } format || !AcceptedFormats.Contains(format))
            return (null, Invalid("not-an-image", "must be a PNG, JPEG or WebP image, which its first bytes do not match"));
        if (expected is not null && format != expected)
            return (
                null,
                Invalid("wrong-format", $"must be {expected.MediaType} like its extension; its first bytes are those of {format.MediaType}")
            );

        if (files.TryCreate() is not { } file)
            return (null, NoRoom());
        var keep = false;
        try
        {
            if (!await TryWriteAsync(file, head.AsMemory(0, read), cancellationToken))
                return (null, NoRoom());
            var buffer = new byte[BufferBytes];
            while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (file.Length + read > MaxBytes)
                    return (null, TooLarge());
                if (!await TryWriteAsync(file, buffer.AsMemory(0, read), cancellationToken))
                    return (null, NoRoom());
            }
            file.Position = 0;
            keep = true;
            return (new ReceivedFile(file, format), null);
        }
        finally
        {
            if (!keep)
                await file.DisposeAsync();
        }
    }

    /// <summary>
    /// Returns false on a disk error, since an <see cref="IOException"/> would look like an incomplete body.
    /// </summary>
    private static async Task<bool> TryWriteAsync(FileStream file, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(bytes, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task SkipAsync(Stream field, CancellationToken cancellationToken)
    {
        var buffer = new byte[1024];
        var (total, read) = (0, 0);
        while ((read = await field.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if ((total += read) > MaxFieldBytes)
                throw new InvalidDataException("a field is too long");
        }
    }

    private static string GetExtension(string? name) => Path.GetExtension(name ?? "").TrimStart('.').ToLower(CultureInfo.InvariantCulture);

    public static Problem NoRoom() =>
        StoreUnavailableException.ToProblem("The gateway has no room for the file at the moment. Nothing was stored; try again later.");

    private static Problem TooLarge() => new(ProblemTypes.TooLarge, "A file may have at most 25 MB.");

    private static Problem Invalid(string code, string detail) =>
        new(ProblemTypes.Validation, "The file is not accepted; see errors.") { Errors = [new Violation("#/file", code, detail)] };
}
