using System.Globalization;
using Gateway.Edge.Problems;
using Gateway.Images;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Gateway.Uploads;

/// <summary>The one file of a <c>multipart/form-data</c> request, on disk: storage wants its length before its first byte, and memory is for many callers.</summary>
/// <param name="Content">At its beginning. The file goes when it is closed.</param>
internal sealed record ReceivedFile(FileStream Content, ImageFormat Format) : IAsyncDisposable
{
    /// <summary>What the upstream quotes for uploads.</summary>
    public const long MaxBytes = 25_000_000;

    /// <summary>With room for the form around it.</summary>
    public const long MaxRequestBytes = MaxBytes + 256 * 1024;

    private const int MaxParts = 40;
    private const int MaxFieldBytes = 16 * 1024;
    private const int PieceBytes = 64 * 1024;
    private const string FileField = "file";

    public static readonly IReadOnlyList<ImageFormat> Accepted = [ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.WebP];

    public static ImageFormat? FormatOf(string? extension) =>
        Accepted.FirstOrDefault(format => format.Extensions.Contains(extension, StringComparer.Ordinal));

    /// <param name="expected">The format the file must have; null: what its own name says, or any.</param>
    /// <returns>The file, or the refusal: 400, 413, 415 or 503.</returns>
    public static async Task<(ReceivedFile? File, Problem? Refusal)> ReadAsync(HttpRequest request, ImageFormat? expected)
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
            return await ReadPartsAsync(reader, expected, request.HttpContext.RequestAborted);
        }
        catch (Exception broken) when (broken is InvalidDataException || (broken is IOException and not BadHttpRequestException))
        {
            return (null, new Problem(ProblemTypes.MalformedRequest, "The form is not well-formed multipart/form-data, or broke off."));
        }
    }

    public ValueTask DisposeAsync() => Content.DisposeAsync();

    private static async Task<(ReceivedFile? File, Problem? Refusal)> ReadPartsAsync(
        MultipartReader reader,
        ImageFormat? expected,
        CancellationToken cancellationToken
    )
    {
        for (var part = 0; part < MaxParts && await reader.ReadNextSectionAsync(cancellationToken) is { } section; part++)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                continue;
            if (HeaderUtilities.RemoveQuotes(disposition.Name) == FileField)
            {
                // What storage does: the file is the last part, and what follows it is passed over.
                var name = HeaderUtilities
                    .RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName)
                    .Value;
                return await TakeAsync(section.Body, expected ?? FormatOf(ExtensionOf(name)), cancellationToken);
            }
            // The fields of the gateway's own form say nothing it does not know.
            await PassOverAsync(section.Body, cancellationToken);
        }
        return (null, Invalid("required", "is required: the image, as a part named file"));
    }

    private static async Task<(ReceivedFile? File, Problem? Refusal)> TakeAsync(
        Stream body,
        ImageFormat? expected,
        CancellationToken cancellationToken
    )
    {
        var head = new byte[ImageFormat.SniffBytes];
        var read = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (ImageFormat.Sniff(head.AsSpan(0, read)) is not { } format || !Accepted.Contains(format))
            return (null, Invalid("not-an-image", "must be a PNG, JPEG or WebP image; its first bytes say it is not"));
        if (expected is not null && format != expected)
            return (
                null,
                Invalid("wrong-format", $"must be {expected.MediaType} as its extension says; its first bytes say {format.MediaType}")
            );

        if (Open() is not { } file)
            return (
                null,
                new Problem(ProblemTypes.StoreUnavailable, "The gateway has no room for the file at this moment.") { RetryAfter = 10 }
            );
        var keep = false;
        try
        {
            if (!await TryWriteAsync(file, head.AsMemory(0, read), cancellationToken))
                return (null, NoRoom());
            var buffer = new byte[PieceBytes];
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

    private static FileStream? Open()
    {
        try
        {
            var path = Path.Combine(Path.GetTempPath(), $"gateway-upload-{Guid.CreateVersion7():N}");
            return new FileStream(
                path,
                FileMode.CreateNew,
                FileAccess.ReadWrite,
                FileShare.None,
                0,
                FileOptions.Asynchronous | FileOptions.DeleteOnClose
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Told apart from a form that breaks off, which is an <see cref="IOException"/> too.</summary>
    private static async Task<bool> TryWriteAsync(FileStream file, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(bytes, cancellationToken);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task PassOverAsync(Stream field, CancellationToken cancellationToken)
    {
        var buffer = new byte[1024];
        var (total, read) = (0, 0);
        while ((read = await field.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if ((total += read) > MaxFieldBytes)
                throw new InvalidDataException("a field is too long");
        }
    }

    private static string ExtensionOf(string? name) => Path.GetExtension(name ?? "").TrimStart('.').ToLower(CultureInfo.InvariantCulture);

    public static Problem NoRoom() =>
        new(ProblemTypes.StoreUnavailable, "The gateway has no room for the file at this moment.") { RetryAfter = 10 };

    private static Problem TooLarge() => new(ProblemTypes.TooLarge, "A file may have 25 MB.");

    private static Problem Invalid(string code, string detail) =>
        new(ProblemTypes.Validation, "The file cannot be taken; see errors.") { Errors = [new Violation("#/file", code, detail)] };
}
