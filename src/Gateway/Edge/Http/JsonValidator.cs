using System.Globalization;
using System.Text.Json;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>A value in a JSON document: where it stands, and where its faults are gathered. Each reading of it says null, and notes a fault, when it is not what was asked.</summary>
/// <param name="Pointer">RFC 6901, as a URI fragment: so a fault can be printed whatever the member is called.</param>
internal readonly record struct JsonValidator(JsonElement Value, string Pointer, List<Violation> Faults)
{
    public void AddError(string code, string detail) => Faults.Add(new Violation(Pointer, code, detail));

    /// <summary>The members of an object, each of them known and there once.</summary>
    public Dictionary<string, JsonValidator>? Members(params ReadOnlySpan<string> known)
    {
        if (Value.ValueKind != JsonValueKind.Object)
            return Not<Dictionary<string, JsonValidator>>("an object");

        var members = new Dictionary<string, JsonValidator>(StringComparer.Ordinal);
        foreach (var property in Value.EnumerateObject())
        {
            var member = At(property.Name, property.Value);
            if (!known.Contains(property.Name))
                member.AddError("unknown-member", $"there is no such member; there are {string.Join(", ", known)}");
            else if (!members.TryAdd(property.Name, member))
                member.AddError("duplicate-member", "the member is there twice");
        }
        return members;
    }

    public IReadOnlyList<JsonValidator>? Items()
    {
        if (Value.ValueKind != JsonValueKind.Array)
            return Not<IReadOnlyList<JsonValidator>>("an array");

        var items = new List<JsonValidator>(Value.GetArrayLength());
        foreach (var item in Value.EnumerateArray())
            items.Add(At(items.Count.ToString(CultureInfo.InvariantCulture), item));
        return items;
    }

    public string? GetString() => Value.ValueKind == JsonValueKind.String ? Value.GetString() : Not<string>("a string");

    public bool? GetBoolean() =>
        Value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => NotA<bool>("true or false"),
        };

    /// <summary>An integer without fraction or exponent.</summary>
    public long? GetInteger(long minimum, long maximum)
    {
        if (Value.ValueKind != JsonValueKind.Number)
            return NotA<long>("a number");
        if (Value.GetRawText() is var digits && digits.AsSpan().ContainsAny('.', 'e', 'E'))
            return NotA<long>("a whole number, written without fraction or exponent");
        if (Value.TryGetInt64(out var number) && number >= minimum && number <= maximum)
            return number;
        AddError("out-of-range", string.Create(CultureInfo.InvariantCulture, $"must be from {minimum} to {maximum}"));
        return null;
    }

    /// <summary>Dollars with at most six decimals, as micro-dollars. Read from the digits themselves: no binary fraction comes near money.</summary>
    public long? GetMicroDollars(long maximumDollars)
    {
        if (Value.ValueKind != JsonValueKind.Number)
            return NotA<long>("a number of dollars");
        var digits = Value.GetRawText().AsSpan();
        if (digits.ContainsAny('e', 'E'))
            return NotA<long>("a number of dollars, written without an exponent");

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

    private JsonValidator At(string token, JsonElement value) =>
        this with
        {
            Value = value,
            Pointer =
                $"{Pointer}/{Uri.EscapeDataString(token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal))}",
        };

    private T? Not<T>(string what)
        where T : class
    {
        AddError("wrong-type", $"must be {what}");
        return null;
    }

    private T? NotA<T>(string what)
        where T : struct
    {
        AddError("wrong-type", $"must be {what}");
        return null;
    }
}
