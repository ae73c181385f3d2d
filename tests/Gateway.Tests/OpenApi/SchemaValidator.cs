using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Edge;

namespace Gateway.Tests.OpenApi;

/// <summary>
/// Validates a value against a schema of an OpenAPI 3.1 document. A keyword or format that it does not know is an error
/// too, and so is a member that is not documented: answers are documented as open, but nothing may come unannounced.
/// </summary>
internal sealed class SchemaValidator(JsonNode document)
{
    private static readonly string[] Annotations = ["description", "example", "default", "x-ms-primary-error-message"];

    public IReadOnlyList<string> Validate(JsonNode schema, JsonNode? value)
    {
        var errors = new List<string>();
        Check(schema.AsObject(), value, "#", errors);
        return errors;
    }

    private void Check(JsonObject schema, JsonNode? value, string at, List<string> errors)
    {
        if (schema["$ref"] is { } reference)
        {
            var target = reference.GetValue<string>().Split('/').Skip(1).Aggregate(document, (node, name) => node[name]!);
            Check(target.AsObject(), value, at, errors);
            return;
        }
        // An enum does not list it, because generators would make a word of it.
        if (value is null && schema["type"] is { } types)
        {
            if (!Types(types).Contains("null"))
                errors.Add($"{at}: is null");
            return;
        }
        foreach (var (keyword, rule) in schema)
        {
            if (!Annotations.Contains(keyword) && !Holds(schema, keyword, rule!, value, at, errors))
                errors.Add($"{at}: {value?.ToJsonString() ?? "null"} breaks {keyword} {rule!.ToJsonString()}");
        }
    }

    private bool Holds(JsonObject schema, string keyword, JsonNode rule, JsonNode? value, string at, List<string> errors) =>
        keyword switch
        {
            "type" => Types(rule).Any(type => IsOf(type, value)),
            "enum" => rule.AsArray().Any(one => JsonNode.DeepEquals(one, value)),
            "required" => rule.AsArray().All(name => value is JsonObject one && one.ContainsKey(name!.GetValue<string>())),
            "additionalProperties" => value is JsonObject one
                && one.All(member => rule.GetValue<bool>() || schema["properties"]?[member.Key] is not null),
            "properties" => OfEach(rule.AsObject(), value as JsonObject, at, errors),
            "items" => OfEach(rule.AsObject(), value as JsonArray, at, errors),
            "maxItems" => value is JsonArray list && list.Count <= rule.GetValue<int>(),
            "uniqueItems" => value is JsonArray list && list.Select(item => item!.ToJsonString()).Distinct().Count() == list.Count,
            "minimum" => Number(value) >= Number(rule),
            "maximum" => Number(value) <= Number(rule),
            "minLength" => Text(value).EnumerateRunes().Count() >= rule.GetValue<int>(),
            "maxLength" => Text(value).EnumerateRunes().Count() <= rule.GetValue<int>(),
            "pattern" => Regex.IsMatch(Text(value), rule.GetValue<string>(), RegexOptions.ECMAScript, TimeSpan.FromSeconds(1)),
            "format" => HasFormat(rule.GetValue<string>(), value),
            _ => false,
        };

    private bool OfEach(JsonObject schemas, JsonObject? value, string at, List<string> errors)
    {
        foreach (var (name, member) in value ?? [])
        {
            if (schemas[name] is { } schema)
                Check(schema.AsObject(), member, $"{at}/{name}", errors);
            else
                errors.Add($"{at}/{name}: is not documented");
        }
        return value is not null;
    }

    private bool OfEach(JsonObject schema, JsonArray? value, string at, List<string> errors)
    {
        foreach (var (index, item) in (value ?? []).Index())
            Check(schema, item, $"{at}/{index}", errors);
        return value is not null;
    }

    private static IEnumerable<string> Types(JsonNode type) =>
        type is JsonArray types ? types.Select(one => one!.GetValue<string>()) : [type.GetValue<string>()];

    private static bool IsOf(string type, JsonNode? value) =>
        (type, value?.GetValueKind()) switch
        {
            ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
            ("boolean", JsonValueKind.True or JsonValueKind.False) or ("number", JsonValueKind.Number) => true,
            ("integer", JsonValueKind.Number) => !value!.ToJsonString().AsSpan().ContainsAny('.', 'e', 'E'),
            _ => false,
        };

    private static bool HasFormat(string format, JsonNode? value) =>
        format switch
        {
            "int32" => Number(value) is >= int.MinValue and <= int.MaxValue,
            "int64" => Number(value) is >= long.MinValue and <= long.MaxValue,
            "double" or "decimal" or "binary" => true,
            "uuid" => Uuid.Is(Text(value)),
            "uri" => Uri.IsWellFormedUriString(Text(value), UriKind.Absolute),
            "date" => DateOnly.TryParseExact(Text(value), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            // RFC 3339 requires a time zone.
            "date-time" => Text(value).EndsWith('Z') && DateTime.TryParse(Text(value), CultureInfo.InvariantCulture, out _),
            _ => false,
        };

    private static decimal? Number(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.Number
            ? decimal.Parse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)
            : null;

    private static string Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
}
