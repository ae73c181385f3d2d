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

    /// <returns>The file, or the refusal: 400, 413, 415 or 503.</returns>
    public static async Task<(ReceivedFile? File, Problem? Refusal)> ReadAsync(HttpRequest request, FileRules rules, TemporaryFiles files)
    {
        if (CreateReader(request) is not { } reader)
            return (null, new Problem(ProblemTypes.UnsupportedMediaType, "Send the file as multipart/form-data, in a part named file."));
        if (request.ContentLength > MaxRequestBytes)
            return (null, TooLarge());
        try
        {
            return await ReadPartsAsync(reader, rules, files, request.HttpContext.RequestAborted);
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            return (null, Malformed());
        }
    }

    /// <returns>Null: the request is not multipart/form-data.</returns>
    public static MultipartReader? CreateReader(HttpRequest request) =>
        FindBoundary(request.ContentType) is { Length: > 0 and <= 200 } boundary && request.Headers.ContentEncoding.Count == 0
            ? new MultipartReader(boundary, request.Body) { HeadersCountLimit = 8, HeadersLengthLimit = 4096 }
            : null;

    /// <summary>
    /// Also one with characters that would have to be quoted: clients draw it at random, and do not quote it.
    /// </summary>
    private static string? FindBoundary(string? contentType)
    {
        const string Type = "multipart/form-data";
        if (MediaTypeHeaderValue.TryParse(contentType, out var type))
            return type.MediaType.Equals(Type, StringComparison.OrdinalIgnoreCase)
                ? HeaderUtilities.RemoveQuotes(type.Boundary).Value
                : null;
        return
            contentType?.Split(';', StringSplitOptions.TrimEntries) is [var media, var parameter]
            && media.Equals(Type, StringComparison.OrdinalIgnoreCase)
            && parameter.StartsWith("boundary=", StringComparison.OrdinalIgnoreCase)
            ? parameter["boundary=".Length..]
            : null;
    }

    /// <summary>Whether reading a form failed because of what was sent.</summary>
    public static bool IsMalformed(Exception exception) =>
        exception is InvalidDataException || (exception is IOException and not BadHttpRequestException);

    public static Problem Malformed() =>
        new(ProblemTypes.MalformedRequest, "The body is not well-formed multipart/form-data, or it is incomplete.");

    public ValueTask DisposeAsync() => Content.DisposeAsync();

    private static async Task<(ReceivedFile? File, Problem? Refusal)> ReadPartsAsync(
        MultipartReader reader,
        FileRules rules,
        TemporaryFiles files,
        CancellationToken cancellationToken
    )
    {
        for (var part = 0; part < MaxParts && await reader.ReadNextSectionAsync(cancellationToken) is { } section; part++)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                continue;
            if (HeaderUtilities.RemoveQuotes(disposition.Name) != FileField)
            {
                // The fields of the gateway's own upload form hold no information.
                await SkipAsync(section.Body, cancellationToken);
                continue;
            }
            var name = HeaderUtilities
                .RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName)
                .Value;
            var received = await StoreAsync(section.Body, name, rules, files, MaxBytes, cancellationToken);
            return received.File is { } file && rules.IsOnlyFile ? await WithoutAnotherAsync(file, reader, cancellationToken) : received;
        }
        return (null, Missing());
    }

    /// <summary>Reads the rest of the form. The file is kept if no other one follows.</summary>
    private static async Task<(ReceivedFile? File, Problem? Refusal)> WithoutAnotherAsync(
        ReceivedFile file,
        MultipartReader reader,
        CancellationToken cancellationToken
    )
    {
        var isKept = false;
        try
        {
            for (var part = 0; await reader.ReadNextSectionAsync(cancellationToken) is { } section; part++)
            {
                var isFile =
                    ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
                    && HeaderUtilities.RemoveQuotes(disposition.Name) == FileField;
                if (isFile || part == MaxParts)
                    return (null, Invalid("too-many", "must be the only file: upload each image with a request of its own"));
                await SkipAsync(section.Body, cancellationToken);
            }
            isKept = true;
            return (file, null);
        }
        finally
        {
            if (!isKept)
                await file.DisposeAsync();
        }
    }

    /// <param name="maxBytes">At most <see cref="MaxBytes"/>.</param>
    public static async Task<(ReceivedFile? File, Problem? Refusal)> StoreAsync(
        Stream body,
        string? name,
        FileRules rules,
        TemporaryFiles files,
        long maxBytes,
        CancellationToken cancellationToken
    )
    {
        var head = new byte[ImageFormat.SniffBytes];
        var read = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        // An empty file field of a page.
        if (read == 0 && rules.IsOnlyFile && string.IsNullOrEmpty(name))
            return (null, Missing());
        if (ImageFormat.Sniff(head.AsSpan(0, read)) is not { } format || !AcceptedFormats.Contains(format))
            return (null, NotAnImage(rules));
        var expected = rules.FollowsName ? FindFormat(GetExtension(name)) : rules.Expected;
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
                if (file.Length + read > maxBytes)
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

    public static Problem TooLarge() =>
        new(ProblemTypes.TooLarge, "A file may have at most 25 MB, and so may all files of a request together.");

    private static Problem NotAnImage(FileRules rules) =>
        rules.IsOnlyFile
            ? new Problem(
                ProblemTypes.UnsupportedMediaType,
                "The first bytes of the file are not those of a PNG, JPEG or WebP image. Nothing was stored. Convert the image and send it again."
            )
            : Invalid("not-an-image", "must be a PNG, JPEG or WebP image, which its first bytes do not match");

    private static Problem Missing() => Invalid("required", "is required: the image, as a part named file");

    private static Problem Invalid(string code, string detail) =>
        new(ProblemTypes.Validation, "The file is not accepted; see errors.") { Errors = [new Violation("#/file", code, detail)] };
}
