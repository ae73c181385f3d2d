using System.Text.Json;

namespace Gateway.Leonardo.Replies;

/// <summary>What an error reply says, whichever of its shapes it has. Texts are for judging only; they never reach a caller or a log (threats B14).</summary>
/// <param name="Status">The status inside the body, if it states one.</param>
/// <param name="Words">Codes and messages, joined, lower case.</param>
internal sealed record UpstreamError(int? Status, string Words)
{
    public static readonly UpstreamError None = new(null, "");

    /// <summary>Whether a reply under 200 is an error: an array, or an object with <c>errors</c> or <c>error</c>.</summary>
    public static bool IsIn(JsonElement root) =>
        root.ValueKind == JsonValueKind.Array
        || (root.ValueKind == JsonValueKind.Object && (root.TryGetProperty("errors"u8, out _) || root.TryGetProperty("error"u8, out _)));

    public static UpstreamError Read(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("errors"u8, out var errors))
            root = errors;
        if (root.ValueKind == JsonValueKind.Array)
            return root.GetArrayLength() > 0 ? ReadGraphQl(root[0]) : None;
        if (root.ValueKind != JsonValueKind.Object)
            return None;
        return new UpstreamError(null, Join(Text(root, "code"u8), Text(root, "error"u8)));
    }

    /// <summary>A string, or null where it is none or holds a lone surrogate, which .NET refuses to read.</summary>
    public static string? Text(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static UpstreamError ReadGraphQl(JsonElement error)
    {
        if (error.ValueKind != JsonValueKind.Object)
            return None;
        var extensions = Object(error, "extensions"u8);
        var details = Object(extensions, "details"u8);
        return new UpstreamError(
            Number(extensions, "statusCode"u8) ?? Number(details, "statusCode"u8),
            Join(
                Text(error, "message"u8),
                Text(extensions, "code"u8),
                Text(extensions, "details"u8),
                Text(details, "code"u8),
                Text(details, "message"u8)
            )
        );
    }

    private static JsonElement Object(JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : default;

    private static int? Number(JsonElement element, ReadOnlySpan<byte> name) =>
        Object(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    private static string? Text(JsonElement element, ReadOnlySpan<byte> name) => Text(Object(element, name));

    private static string Join(params string?[] parts) => string.Join(' ', parts.OfType<string>()).ToLowerInvariant();
}
