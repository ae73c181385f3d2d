using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Tenants.Identification;

namespace Gateway.Mcp;

/// <summary>
/// Reads a message within its limit, and as strictly as every other JSON: the protocol's own reader takes the last of
/// two equal members, and knows no limit.
/// </summary>
internal sealed class MessageReader(MessageMemory memory)
{
    private const int MaxBytes = 8_000_000;

    /// <summary>Nothing but the file of a call is long. The protocol's reader copies this much several times.</summary>
    private const int MaxBytesWithoutFile = 1_000_000;

    private static readonly Problem TooLarge = new(
        ProblemTypes.TooLarge,
        "The message has more than 8 MB. Nothing was reserved or sent. Upload large references with POST /v1/uploads, and name their ids."
    );

    private static readonly Problem TooMuchText = new(
        ProblemTypes.TooLarge,
        "Without the file that it uploads, the message has more than 1 MB. Nothing was reserved or sent. Shorten its arguments."
    );

    /// <summary>Answers what is no message; <paramref name="next"/> answers the others.</summary>
    public async Task ReadAsync(HttpContext context, RequestDelegate next)
    {
        if (await ReplaceBodyAsync(context) is { } refusal)
            await refusal.ExecuteAsync(context);
        else
            await next(context);
    }

    private async Task<Problem?> ReplaceBodyAsync(HttpContext context)
    {
        // Without a stated length it may be anything up to the limit, and is mostly small.
        var length = context.Request.ContentLength ?? MaxBytes;
        MessageMemory.Share? share = null;
        if (length is > EdgeFeature.MaxBodyBytes and <= MaxBytes && context.Features.Get<Caller>() is { } caller)
        {
            share = memory.TryTake(context, caller.Tenant.Id, length);
            if (share is null)
                return NoRoom();
        }
        var (bytes, unreadable) = await RequestBody.ReadJsonAsync(context.Request, MaxBytes, TooLarge);
        if (unreadable is not null)
            return unreadable;
        share?.Keep(bytes.Length > EdgeFeature.MaxBodyBytes ? bytes.Length : 0);
        var (document, fault) = StrictJson.Parse(bytes);
        if (document is null)
            return new Problem(ProblemTypes.MalformedRequest, fault!);
        using (document)
        {
            if (bytes.Span.IndexOf("\\u"u8) >= 0 && HasUnpairedSurrogate(document.RootElement))
                return new Problem(
                    ProblemTypes.MalformedRequest,
                    "The body holds an unpaired surrogate. Nothing was reserved or sent. Send text in valid Unicode."
                );
            (bytes, var data) = UploadData.TakeFrom(document.RootElement);
            if (bytes.Length > MaxBytesWithoutFile)
                return TooMuchText;
            if (data is not null)
                context.Features.Set(data);
        }
        MemoryMarshal.TryGetArray(bytes, out var array);
        context.Request.Body = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
        return null;
    }

    public static Problem NoRoom() =>
        StoreUnavailableException.ToProblem(
            "The gateway has no room for a message of this size at the moment. Nothing was reserved or sent; try again later."
        );

    private static bool HasUnpairedSurrogate(JsonElement element)
    {
        try
        {
            ReadText(element);
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    /// <exception cref="InvalidOperationException">A name or a value holds an unpaired surrogate.</exception>
    private static void ReadText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ReadText(member.Value);
                }
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    ReadText(item);
                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
