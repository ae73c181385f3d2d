using System.Buffers;
using System.Text.Json;

namespace Gateway.Mcp;

/// <summary>
/// The file in a call, decoded. It is taken out of the message, which the protocol's own reader copies several times.
/// A feature of the request.
/// </summary>
/// <param name="Bytes">Null: not base64.</param>
internal sealed record UploadData(byte[]? Bytes)
{
    /// <summary>The name of the argument.</summary>
    public const string Argument = "data";

    /// <summary>What is left of the argument in the message.</summary>
    public const string Taken = "";

    /// <param name="message">Any JSON.</param>
    /// <returns>The message without white space and without the file, if it has one; and the file.</returns>
    public static (ReadOnlyMemory<byte> Message, UploadData? Data) TakeFrom(JsonElement message)
    {
        UploadData? data = null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            data = Copy(json, message, ["params", "arguments", Argument]);
        return (buffer.WrittenMemory, data);
    }

    /// <param name="path">To the file, from here.</param>
    private static UploadData? Copy(Utf8JsonWriter json, JsonElement element, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty && element.ValueKind == JsonValueKind.String)
        {
            json.WriteStringValue(Taken);
            return new UploadData(element.TryGetBytesFromBase64(out var bytes) ? bytes : null);
        }
        if (path.IsEmpty || element.ValueKind != JsonValueKind.Object)
        {
            element.WriteTo(json);
            return null;
        }
        UploadData? data = null;
        json.WriteStartObject();
        foreach (var member in element.EnumerateObject())
        {
            if (member.NameEquals(path[0]))
            {
                json.WritePropertyName(path[0]);
                data = Copy(json, member.Value, path[1..]);
            }
            else
                member.WriteTo(json);
        }
        json.WriteEndObject();
        return data;
    }
}
