using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Leonardo.Simulator;

/// <summary>Where the images lie: no key needed, the path is the only secret. Drawn when first asked for; the last few are kept.</summary>
internal sealed class Cdn(Account account, FaultScript script)
{
    private const int Kept = 24;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Lazy<byte[]>> drawn = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    public Task ImageAsync(HttpContext context)
    {
        var file = context.GetRouteValue("file") as string ?? "";
        var made = Guid.TryParseExact(context.GetRouteValue("id") as string, "D", out var id) ? account.Find(id) : null;
        var index =
            made is null || !made.HasImagesAt(account.Now)
                ? -1
                : Enumerable
                    .Range(0, made.Request.Quantity)
                    .FirstOrDefault(at => string.Equals(made.FileName(at), file, StringComparison.Ordinal), -1);
        return SendAsync(context, index < 0 ? null : () => Draw(made!, index), "image/jpeg");
    }

    public Task UploadAsync(HttpContext context)
    {
        var file = context.GetRouteValue("file") as string ?? "";
        var upload = Guid.TryParse(Path.GetFileNameWithoutExtension(file), out var id) ? account.FindUpload(id) : null;
        return SendAsync(context, upload?.Bytes is { } bytes ? () => bytes : null, Uploads.ContentType(upload?.Extension ?? "png"));
    }

    public void Clear()
    {
        lock (gate)
        {
            drawn.Clear();
            order.Clear();
        }
    }

    private async Task SendAsync(HttpContext context, Func<byte[]>? content, string contentType)
    {
        var fault = script.Take(context, "cdn");
        if (fault is { Name: "slow", Argument: "" } && content is not null)
        {
            await Wire.DripAsync(context, contentType, content(), portion: 256);
            return;
        }

        if (await Faults.AnswersAsync(context, account, fault))
        {
            return;
        }

        var own = string.Equals(
            context.GetRouteValue("userId") as string,
            account.Options.AccountUserId,
            StringComparison.OrdinalIgnoreCase
        );
        if (!own || content is null)
        {
            context.Response.StatusCode = 404;
            return;
        }

        var bytes = content();
        context.Response.Headers.CacheControl = "public, max-age=31536000";
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..16])}\"");
        await TypedResults.Bytes(bytes, contentType, enableRangeProcessing: true, entityTag: tag).ExecuteAsync(context);
    }

    private byte[] Draw(Generation made, int index)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{made.Id}/{index}");
        Lazy<byte[]>? image;
        lock (gate)
        {
            if (!drawn.TryGetValue(key, out image))
            {
                drawn[key] = image = new Lazy<byte[]>(() => Picture.Draw(made.Request, index));
                order.Enqueue(key);
                if (order.Count > Kept)
                {
                    drawn.Remove(order.Dequeue());
                }
            }
        }

        return image.Value;
    }
}
