using System.Text.Json;
using System.Text.Unicode;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>
/// Reads JSON strictly: UTF-8, no comment or trailing comma, no duplicate member. Violations are collected, so that all
/// of them are reported at once.
/// </summary>
internal sealed class StrictJson
{
    /// <summary>A valid document is at most 6 deep (T-D7).</summary>
    private const int MaxDepth = 16;

    private const string UnreadableName = "is not strict JSON: the name of a member holds an unpaired surrogate";

    private List<Violation>? _violations;

    public IReadOnlyList<Violation> Violations => _violations ?? [];

    /// <returns>The document, or what makes it malformed; never with a part of the body, which may be a
    /// prompt.</returns>
    public static (JsonDocument? Document, string? Fault) Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.IsEmpty)
            return (null, "The body is empty. Nothing was reserved or sent. Send the request as a JSON object.");
        var (document, fault) = Parse(utf8, allowDuplicates: false);
        return (document, fault is null ? null : $"The body {fault}.");
    }

    /// <summary>
    /// For a file, whose duplicate members <see cref="JsonValidator.Members"/> reports, each at its place.
    /// </summary>
    /// <returns>The document, or what makes it malformed, to follow "the file".</returns>
    public static (JsonDocument? Document, string? Fault) ParseFile(ReadOnlyMemory<byte> utf8) => Parse(utf8, allowDuplicates: true);

    /// <summary>The members of an object; none, and a violation, for anything else.</summary>
    public JsonElement.ObjectEnumerator Members(JsonElement element, string pointer)
    {
        if (element.ValueKind == JsonValueKind.Object)
            return element.EnumerateObject();
        AddWrongType(pointer, "an object");
        return default;
    }

    public void Unknown(JsonProperty member, string pointer) =>
        AddError(JsonPointer.Append(pointer, member.Name), "unknown-member", "is not a member of this request");

    public string? GetString(JsonElement element, string pointer)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            AddWrongType(pointer, "a string");
            return null;
        }
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            AddError(pointer, "invalid-unicode", "holds an unpaired surrogate");
            return null;
        }
    }

    public bool? Flag(JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return element.GetBoolean();
        AddWrongType(pointer, "true or false");
        return null;
    }

    /// <summary>A number without a fraction or an exponent; one beyond 64 bits is out of every range.</summary>
    public long? Integer(JsonElement element, string pointer)
    {
        if (element.ValueKind == JsonValueKind.Number)
        {
            if (element.TryGetInt64(out var value))
                return value;
            if (!element.GetRawText().AsSpan().ContainsAny('.', 'e', 'E'))
            {
                AddError(pointer, "out-of-range", "is far outside the range allowed");
                return null;
            }
        }
        AddWrongType(pointer, "a whole number, written without a fraction or an exponent");
        return null;
    }

    public List<T>? Array<T>(JsonElement element, string pointer, Func<JsonElement, string, T> read)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            AddWrongType(pointer, "an array");
            return null;
        }
        var items = new List<T>(element.GetArrayLength());
        foreach (var item in element.EnumerateArray())
            items.Add(read(item, JsonPointer.Append(pointer, items.Count)));
        return items;
    }

    public void AddWrongType(string pointer, string expected) => AddError(pointer, "wrong-type", $"must be {expected}");

    public void AddError(string pointer, string code, string detail) => (_violations ??= []).Add(new Violation(pointer, code, detail));

    private static (JsonDocument? Document, string? Fault) Parse(ReadOnlyMemory<byte> utf8, bool allowDuplicates)
    {
        if (!Utf8.IsValid(utf8.Span))
            return (null, "is not valid UTF-8");
        if (utf8.Span.StartsWith("\uFEFF"u8))
            return (null, "begins with a byte order mark; send or save it as UTF-8 without one");
        try
        {
            return (JsonDocument.Parse(utf8, Options(allowDuplicates)), null);
        }
        catch (JsonException exception)
        {
            return (null, Describe(utf8, exception));
        }
        catch (InvalidOperationException)
        {
            return (null, UnreadableName);
        }
    }

    private static JsonDocumentOptions Options(bool allowDuplicates) =>
        new() { MaxDepth = MaxDepth, AllowDuplicateProperties = allowDuplicates };

    private static string Describe(ReadOnlyMemory<byte> utf8, JsonException exception)
    {
        if (exception.LineNumber is { } line)
            return $"is not strict JSON: see line {line + 1}, byte {exception.BytePositionInLine + 1} (comments and trailing commas are not allowed)";
        // Well-formed except for a duplicate, which the reader reports without its place.
        using var document = JsonDocument.Parse(utf8, Options(allowDuplicates: true));
        try
        {
            return DuplicateIn(document.RootElement, JsonPointer.Root) is { } pointer
                ? $"has the member {pointer} twice"
                : "is not strict JSON";
        }
        catch (InvalidOperationException)
        {
            return UnreadableName;
        }
    }

    /// <exception cref="InvalidOperationException">The name of a member holds an unpaired surrogate.</exception>
    private static string? DuplicateIn(JsonElement element, string pointer)
    {
        if (element.ValueKind == JsonValueKind.Array)
            return element
                .EnumerateArray()
                .Select((item, index) => DuplicateIn(item, JsonPointer.Append(pointer, index)))
                .FirstOrDefault(found => found is not null);
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            var place = JsonPointer.Append(pointer, member.Name);
            if (!names.Add(member.Name))
                return place;
            if (DuplicateIn(member.Value, place) is { } found)
                return found;
        }
        return null;
    }
}
