using System.Text.Json;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// What an error reply says, in any of its three shapes. The words only classify the error; they never reach a caller
/// or a log (T-B14).
/// </summary>
/// <param name="Status">The status inside the body, if it states one.</param>
/// <param name="Words">Codes and messages, joined, lower case.</param>
internal sealed record UpstreamError(int? Status, string Words)
{
    public static readonly UpstreamError None = new(null, "");

    /// <summary>
    /// Whether a reply under 200 is an error: an array, or an object with <c>errors</c> or <c>error</c>.
    /// </summary>
    public static bool IsError(JsonElement root) =>
        root.ValueKind == JsonValueKind.Array
        || UpstreamJson.GetMember(root, "errors"u8) is not null
        || UpstreamJson.GetMember(root, "error"u8) is not null;

    public static UpstreamError Parse(JsonElement root)
    {
        root = UpstreamJson.GetMember(root, "errors"u8) ?? root;
        if (root.ValueKind == JsonValueKind.Array)
            return root.GetArrayLength() > 0 ? ParseGraphQl(root[0]) : None;
        if (root.ValueKind != JsonValueKind.Object)
            return None;
        return new UpstreamError(null, Join(UpstreamJson.GetString(root, "code"u8), UpstreamJson.GetString(root, "error"u8)));
    }

    private static UpstreamError ParseGraphQl(JsonElement error)
    {
        if (error.ValueKind != JsonValueKind.Object)
            return None;
        var extensions = UpstreamJson.GetMember(error, "extensions"u8) ?? default;
        var details = UpstreamJson.GetMember(extensions, "details"u8) ?? default;
        return new UpstreamError(
            GetInteger(extensions, "statusCode"u8) ?? GetInteger(details, "statusCode"u8),
            Join(
                UpstreamJson.GetString(error, "message"u8),
                UpstreamJson.GetString(extensions, "code"u8),
                UpstreamJson.GetString(extensions, "details"u8),
                UpstreamJson.GetString(details, "code"u8),
                UpstreamJson.GetString(details, "message"u8)
            )
        );
    }

    private static int? GetInteger(JsonElement element, ReadOnlySpan<byte> name) =>
        UpstreamJson.GetMember(element, name, JsonValueKind.Number) is { } number && number.TryGetInt32(out var value) ? value : null;

    private static string Join(params string?[] parts) => string.Join(' ', parts.OfType<string>()).ToLowerInvariant();
}
