using System.Globalization;
using System.Text.Json;

namespace Gateway.Edge.Http;

/// <summary>
/// A value in a JSON document, and where it is. A method that reads it returns null, and adds a violation to
/// <paramref name="Json"/>, if the value is not what was asked for.
/// </summary>
/// <param name="Pointer">See <see cref="JsonPointer"/>.</param>
internal readonly record struct JsonValidator(JsonElement Value, string Pointer, StrictJson Json)
{
    public void AddError(string code, string detail) => Json.AddError(Pointer, code, detail);

    /// <summary>The members of an object, each of them known and present once.</summary>
    public Dictionary<string, JsonValidator>? Members(params ReadOnlySpan<string> known)
    {
        if (Value.ValueKind != JsonValueKind.Object)
        {
            Json.AddWrongType(Pointer, "an object");
            return null;
        }
        var members = new Dictionary<string, JsonValidator>(StringComparer.Ordinal);
        foreach (var property in Value.EnumerateObject())
        {
            if (ReadName(property) is not { } name)
                continue;
            var member = this with { Value = property.Value, Pointer = JsonPointer.Append(Pointer, name) };
            if (!known.Contains(name))
                member.AddError("unknown-member", $"there is no such member; there are {string.Join(", ", known)}");
            else if (!members.TryAdd(name, member))
                member.AddError("duplicate-member", "the member is present twice");
        }
        return members;
    }

    public IReadOnlyList<JsonValidator>? Items()
    {
        var json = Json;
        return json.Array(Value, Pointer, (item, pointer) => new JsonValidator(item, pointer, json));
    }

    public bool IsNull => Value.ValueKind == JsonValueKind.Null;

    public string? GetString() => Json.GetString(Value, Pointer);

    public bool? GetBoolean() => Json.Flag(Value, Pointer);

    /// <summary>An integer without fraction or exponent.</summary>
    public long? GetInteger(long minimum, long maximum)
    {
        if (Json.Integer(Value, Pointer) is not { } number)
            return null;
        if (number >= minimum && number <= maximum)
            return number;
        AddError("out-of-range", string.Create(CultureInfo.InvariantCulture, $"must be from {minimum} to {maximum}"));
        return null;
    }

    /// <summary>
    /// Dollars with at most six decimals, as micro-dollars. Read from the digits, without a binary fraction.
    /// </summary>
    public long? GetMicroDollars(long maximumDollars)
    {
        var digits = Value.ValueKind == JsonValueKind.Number ? Value.GetRawText().AsSpan() : default;
        if (digits.IsEmpty || digits.ContainsAny('e', 'E'))
        {
            Json.AddWrongType(Pointer, "a number of dollars, written without an exponent");
            return null;
        }
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? [] : digits[(point + 1)..].TrimEnd('0');
        if (fraction.Length > 6)
        {
            AddError("out-of-range", "may have at most six decimals: a micro-dollar is the smallest amount that is counted");
            return null;
        }
        if (long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out var micros) && micros <= maximumDollars)
        {
            for (var i = 0; i < 6; i++)
                micros = (micros * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
            if (micros <= maximumDollars * 1_000_000)
                return micros;
        }
        AddError("out-of-range", string.Create(CultureInfo.InvariantCulture, $"must be from 0 to {maximumDollars} dollars"));
        return null;
    }

    private string? ReadName(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            AddError("invalid-unicode", "the name of a member holds an unpaired surrogate");
            return null;
        }
    }
}
