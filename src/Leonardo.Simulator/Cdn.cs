using System.Globalization;
using System.Security.Cryptography;
using Leonardo.Simulator.Drawing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Leonardo.Simulator;

/// <summary>
/// Serves the images without a key: the path is the only secret. An image is drawn at its first request; the most
/// recent ones are cached.
/// </summary>
internal sealed class Cdn(Account account, FaultScript script)
{
    private const int CacheSize = 24;
    private readonly Lock sync = new();
    private readonly Dictionary<string, Lazy<byte[]>> cache = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    public Task ImageAsync(HttpContext context)
    {
        var file = context.GetRouteValue("file") as string ?? "";
        var generation = Guid.TryParseExact(context.GetRouteValue("id") as string, "D", out var id) ? account.Find(id) : null;
        var index =
            generation is null || !generation.HasImagesAt(account.Now)
                ? -1
                : Enumerable
                    .Range(0, generation.Request.Quantity)
                    .FirstOrDefault(at => string.Equals(generation.GetFileName(at), file, StringComparison.Ordinal), -1);
        return SendAsync(context, index < 0 ? null : () => Draw(generation!, index), "image/jpeg");
    }

    public Task UploadAsync(HttpContext context)
    {
        var file = context.GetRouteValue("file") as string ?? "";
        var upload = Guid.TryParse(Path.GetFileNameWithoutExtension(file), out var id) ? account.FindUpload(id) : null;
        return SendAsync(context, upload?.Bytes is { } bytes ? () => bytes : null, Uploads.GetContentType(upload?.Extension ?? "png"));
    }

    public void Clear()
    {
        lock (sync)
        {
            cache.Clear();
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

        if (await Faults.TryAnswerAsync(context, account, fault))
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

    private byte[] Draw(Generation generation, int index)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{generation.Id}/{index}");
        Lazy<byte[]>? image;
        lock (sync)
        {
            if (!cache.TryGetValue(key, out image))
            {
                cache[key] = image = new Lazy<byte[]>(() => Picture.Draw(generation.Request, index));
                order.Enqueue(key);
                if (order.Count > CacheSize)
                {
                    cache.Remove(order.Dequeue());
                }
            }
        }

        return image.Value;
    }
}
