using System.Text.Json;
using System.Text.Unicode;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>Reads JSON as the contract has it: strict, in UTF-8, no duplicate member at any depth. What has the wrong type is remembered, so that all faults are told at once.</summary>
internal sealed class StrictJson
{
    /// <summary>A valid request is 6 deep (threats D7).</summary>
    private const int MaxDepth = 16;

    private const int LongestNameShown = 64;

    private const string UnreadableName = "The body is not strict JSON: the name of a member holds an unpaired surrogate.";

    private List<Violation>? _violations;

    public IReadOnlyList<Violation> Violations => _violations ?? [];

    /// <returns>The document, or in words what makes it malformed; never with a piece of the body, which may be a prompt.</returns>
    public static (JsonDocument? Document, string? Fault) Parse(ReadOnlyMemory<byte> utf8)
    {
        if (!Utf8.IsValid(utf8.Span))
            return (null, "The body is not valid UTF-8.");
        try
        {
            return (JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false }), null);
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

    /// <summary>The members of an object; none, and a fault, for anything else.</summary>
    public JsonElement.ObjectEnumerator Members(JsonElement element, string pointer)
    {
        if (element.ValueKind == JsonValueKind.Object)
            return element.EnumerateObject();
        WrongType(pointer, "an object");
        return default;
    }

    public void Unknown(JsonProperty member, string pointer) =>
        AddError($"{pointer}/{Escape(member.Name)}", "unknown-member", "is not a member of this request");

    public string? GetString(JsonElement element, string pointer)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            WrongType(pointer, "a string");
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
        WrongType(pointer, "true or false");
        return null;
    }

    /// <summary>A number without a fraction or an exponent; one beyond 64 bits is out of every range there is.</summary>
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
        WrongType(pointer, "a whole number, written without a fraction or an exponent");
        return null;
    }

    public List<T>? Array<T>(JsonElement element, string pointer, Func<JsonElement, string, T> read)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            WrongType(pointer, "an array");
            return null;
        }
        var items = new List<T>(element.GetArrayLength());
        foreach (var item in element.EnumerateArray())
            items.Add(read(item, $"{pointer}/{items.Count}"));
        return items;
    }

    private void WrongType(string pointer, string expected) => AddError(pointer, "wrong-type", $"must be {expected}");

    public void AddError(string pointer, string code, string detail) => (_violations ??= []).Add(new Violation(pointer, code, detail));

    private static string Describe(ReadOnlyMemory<byte> utf8, JsonException exception)
    {
        if (exception.LineNumber is { } line)
            return $"The body is not strict JSON: see line {line + 1}, byte {exception.BytePositionInLine + 1}.";
        // Well-formed but for a duplicate, which the reader reports without a place.
        using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
        try
        {
            return DuplicateIn(document.RootElement, "#") is { } pointer
                ? $"The member {pointer} is there twice."
                : "The body is not strict JSON.";
        }
        catch (InvalidOperationException)
        {
            return UnreadableName;
        }
    }

    private static string? DuplicateIn(JsonElement element, string pointer)
    {
        if (element.ValueKind == JsonValueKind.Array)
            return element
                .EnumerateArray()
                .Select((item, index) => DuplicateIn(item, $"{pointer}/{index}"))
                .FirstOrDefault(found => found is not null);
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            var place = $"{pointer}/{Escape(member.Name)}";
            if (!names.Add(member.Name))
                return place;
            if (DuplicateIn(member.Value, place) is { } found)
                return found;
        }
        return null;
    }

    /// <summary>RFC 6901, section 3, percent-encoded as section 6 wants it in a fragment. A long name is cut.</summary>
    private static string Escape(string name)
    {
        var shown = name.Length <= LongestNameShown ? name : name[..LongestNameShown] + "…";
        return Uri.EscapeDataString(shown.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
    }
}
