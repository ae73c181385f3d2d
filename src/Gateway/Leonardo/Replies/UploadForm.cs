using System.Text.Json;

namespace Gateway.Leonardo.Replies;

/// <summary>A presigned form: whoever has it may store one file for two minutes. It is never told to a caller and never logged.</summary>
/// <param name="Id">Canonical lower case.</param>
/// <param name="Fields">In the upstream's order; they go before the file.</param>
internal sealed record UploadForm(string Id, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    private const int MaxFields = 32;

    public static UploadForm? Read(JsonElement row)
    {
        if (
            !row.TryGetProperty("id"u8, out var id)
            || CreationReply.CanonicalId(UpstreamError.Text(id)) is not { } canonical
            || !row.TryGetProperty("url"u8, out var address)
            || !Uri.TryCreate(UpstreamError.Text(address), UriKind.Absolute, out var url)
            || !row.TryGetProperty("fields"u8, out var fields)
        )
            return null;
        // Documented as a string that holds JSON; some answers were seen with the object itself.
        if (fields.ValueKind == JsonValueKind.Object)
            return ReadFields(fields) is { } given ? new UploadForm(canonical, url, given) : null;
        return UpstreamError.Text(fields) is { } text && ParseFields(text) is { } parsed ? new UploadForm(canonical, url, parsed) : null;
    }

    /// <summary>Reads what <see cref="WriteFields"/> wrote, or the upstream.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? ParseFields(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return ReadFields(json.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public string WriteFields()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in Fields)
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static List<KeyValuePair<string, string>>? ReadFields(JsonElement fields)
    {
        if (fields.ValueKind != JsonValueKind.Object)
            return null;
        var read = new List<KeyValuePair<string, string>>();
        foreach (var field in fields.EnumerateObject())
        {
            // Both become lines of a multipart body.
            if (
                read.Count == MaxFields
                || UpstreamError.Text(field.Value) is not { } value
                || !IsLine(value)
                || !IsLine(field.Name)
                || field.Name.Contains('"', StringComparison.Ordinal)
            )
                return null;
            read.Add(new(field.Name, value));
        }
        return read;
    }

    private static bool IsLine(string text) => !text.AsSpan().ContainsAny('\r', '\n', '\0');
}
