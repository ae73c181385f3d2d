using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Leonardo.Simulator;

/// <summary>
/// Reference images: the API returns an id and a presigned form, and the form is sent to a storage that does not accept
/// the API's key.
/// </summary>
internal sealed class Uploads(Account account, FaultScript script)
{
    private static readonly TimeSpan FormLifetime = TimeSpan.FromMinutes(2);
    private static readonly string[] Extensions = ["png", "jpg", "jpeg", "webp"];

    public async Task PostAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "init-image")))
        {
            return;
        }

        if (ParseExtension(context.Features.GetRequiredFeature<ReceivedRequest>().Body) is not { } extension)
        {
            await Replies.Rest(400, "extension must be one of: png, jpg, jpeg, webp", "validation-failed").WriteAsync(context);
            return;
        }

        var id = Guid.NewGuid();
        var now = account.Now;
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Content-Type"] = GetContentType(extension),
            ["bucket"] = "image-uploads.simulator",
            ["X-Amz-Algorithm"] = "AWS4-HMAC-SHA256",
            ["X-Amz-Credential"] = string.Create(
                CultureInfo.InvariantCulture,
                $"SIMULATOR/{now.UtcDateTime:yyyyMMdd}/us-east-1/s3/aws4_request"
            ),
            ["X-Amz-Date"] = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture),
            ["key"] = $"users/{account.Options.AccountUserId}/initImages/{id}.{extension}",
            ["Policy"] = Convert.ToBase64String(Replies.Bytes(new { expiration = Reading.FormatTimestamp(now + FormLifetime) + "Z" })),
            ["X-Amz-Signature"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
        };
        account.Put(new Upload(id, extension, now, fields));
        var reply = new
        {
            uploadInitImage = new
            {
                id,
                key = fields["key"],
                url = new Uri(account.Origin, "/s3/upload").AbsoluteUri,
                fields = JsonSerializer.Serialize(fields),
            },
        };
        await Replies.Json(reply).WriteAsync(context);
    }

    /// <summary>The storage: refuses a form that is expired, changed, or sent with an API key.</summary>
    public async Task UploadAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "upload")))
        {
            return;
        }

        if (context.Request.Headers.ContainsKey(HeaderNames.Authorization))
        {
            await CreateStorageError(403, "InvalidArgument", "Only one auth mechanism allowed").WriteAsync(context);
            return;
        }

        var (fields, file) = await ReadFormAsync(context);
        if (file is null)
        {
            await CreateStorageError(400, "InvalidArgument", "POST requires exactly one file upload per request, as the last field")
                .WriteAsync(context);
            return;
        }

        var upload =
            fields.TryGetValue("key", out var key) && Guid.TryParse(Path.GetFileNameWithoutExtension(key), out var id)
                ? account.FindUpload(id)
                : null;
        if (
            upload is null
            || fields.Count != upload.Fields.Count
            || !upload.Fields.All(issued => string.Equals(fields.GetValueOrDefault(issued.Key), issued.Value, StringComparison.Ordinal))
        )
        {
            await CreateStorageError(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
                .WriteAsync(context);
            return;
        }

        if (account.Now - upload.CreatedAt > FormLifetime)
        {
            await CreateStorageError(403, "AccessDenied", "Invalid according to Policy: Policy expired.").WriteAsync(context);
            return;
        }

        account.Put(upload with { Bytes = file });
        context.Response.StatusCode = 204;
    }

    public async Task GetAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "init-image")))
        {
            return;
        }

        await Replies
            .FindById(context, id => new { init_images_by_pk = account.FindUpload(id) is { } found ? Describe(found) : null })
            .WriteAsync(context);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        if (await Faults.TryAnswerAsync(context, account, script.Take(context, "init-image")))
        {
            return;
        }

        await Replies
            .FindById(context, id => new { delete_init_images_by_pk = account.DeleteUpload(id) ? new { id } : null })
            .WriteAsync(context);
    }

    public static string GetContentType(string extension) => extension is "jpg" ? "image/jpeg" : $"image/{extension}";

    private object Describe(Upload upload) =>
        new
        {
            id = upload.Id,
            url = new Uri(account.Origin, "/" + upload.Fields["key"]).AbsoluteUri,
            createdAt = Reading.FormatTimestamp(upload.CreatedAt),
        };

    private static string? ParseExtension(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("extension", out var value)
                && value.ValueKind == JsonValueKind.String
                ? Extensions.FirstOrDefault(known => value.ValueEquals(known))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// The fields before the file. A file that is not the last part does not count: storage ignores what follows it.
    /// </summary>
    private static async Task<(Dictionary<string, string> Fields, byte[]? File)> ReadFormAsync(HttpContext context)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        byte[]? file = null;
        if (
            !MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary
        )
        {
            return (fields, null);
        }

        var reader = new MultipartReader(boundary, new MemoryStream(context.Features.GetRequiredFeature<ReceivedRequest>().Body.ToArray()));
        try
        {
            while (await reader.ReadNextSectionAsync(context.RequestAborted) is { } section)
            {
                if (file is not null || !ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                {
                    return (fields, null);
                }

                using var content = new MemoryStream();
                await section.Body.CopyToAsync(content, context.RequestAborted);
                var name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
                if (name is "file")
                {
                    file = content.ToArray();
                }
                else
                {
                    fields[name] = System.Text.Encoding.UTF8.GetString(content.ToArray());
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            return (fields, null);
        }

        return (fields, file);
    }

    private static Reply CreateStorageError(int status, string code, string message) =>
        new(
            status,
            System.Text.Encoding.UTF8.GetBytes($"<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
            "application/xml"
        );
}
