using System.Text.Json;
using Gateway.Edge;

namespace Gateway.Leonardo.Replies;

/// <summary>Reads the upstream's JSON without trusting it: whatever is missing or of another type is null.</summary>
internal static class UpstreamJson
{
    private const int MaxDepth = 16;

    /// <returns>Null: no body, or not well-formed JSON without duplicate members.</returns>
    public static JsonDocument? Parse(ReadOnlyMemory<byte>? body)
    {
        if (body is not { Length: > 0 } bytes)
            return null;
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <returns>Null: the element is not an object, or has no such member.</returns>
    public static JsonElement? GetMember(JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    /// <returns>Null: there is no such member of that kind.</returns>
    public static JsonElement? GetMember(JsonElement element, ReadOnlySpan<byte> name, JsonValueKind kind) =>
        GetMember(element, name) is { } member && member.ValueKind == kind ? member : null;

    /// <returns>Null: not a string, or one with a lone surrogate, which .NET refuses to decode.</returns>
    public static string? GetString(JsonElement element)
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

    /// <inheritdoc cref="GetString(JsonElement)"/>
    public static string? GetString(JsonElement element, ReadOnlySpan<byte> name) =>
        GetMember(element, name) is { } member ? GetString(member) : null;

    /// <summary>The member <c>id</c> in canonical lower case; null where it is not a UUID.</summary>
    public static string? GetId(JsonElement element) => Uuid.Canonicalize(GetString(element, "id"u8));
}
