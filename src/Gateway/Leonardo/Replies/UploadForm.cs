using System.Text.Json;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// A presigned form, which lets its holder store one file within two minutes. It never reaches a caller or a log
/// (T-B8).
/// </summary>
/// <param name="Id">Canonical lower case.</param>
/// <param name="Fields">In the upstream's order; they go before the file.</param>
internal sealed record UploadForm(string Id, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    private const int MaxFields = 32;

    public static UploadForm? Parse(JsonElement row)
    {
        if (
            UpstreamJson.GetId(row) is not { } id
            || !Uri.TryCreate(UpstreamJson.GetString(row, "url"u8), UriKind.Absolute, out var url)
            || UpstreamJson.GetMember(row, "fields"u8) is not { } fields
        )
            return null;
        // Documented as a string that holds JSON; replies with the object itself have been seen.
        if (fields.ValueKind == JsonValueKind.Object)
            return ReadFields(fields) is { } given ? new UploadForm(id, url, given) : null;
        return UpstreamJson.GetString(fields) is { } text && ParseFields(text) is { } parsed ? new UploadForm(id, url, parsed) : null;
    }

    /// <param name="text">JSON: from the upstream, or from <see cref="WriteFields"/>.</param>
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
            // Name and value become lines of a multipart body: nothing may break out of them.
            if (
                read.Count == MaxFields
                || UpstreamJson.GetString(field.Value) is not { } value
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
