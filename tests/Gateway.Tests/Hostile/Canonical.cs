using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Hostile;

/// <summary>
/// An independent reader of the request, written from the table of docs/api.md and not from our code: the one
/// spelling of a body that may be sent, or nothing.
/// </summary>
internal static partial class Canonical
{
    /// <summary>Stands for a seed that the gateway draws.</summary>
    public const string Drawn = "\"drawn\"";

    /// <summary>For a tenant that may not publish.</summary>
    /// <returns>Null: the body must be refused.</returns>
    public static string? Of(byte[] body)
    {
        if (!StrictReader.TryRead(body, out var root) || root is not List<(string, object?)> top)
            return null;
        if (!Only(top, "model", "public", "parameters") || Get(top, "model") is not "flux-pro-2.0")
            return null;
        if (Has(top, "public") && Get(top, "public") is not false)
            return null;
        return Get(top, "parameters") is List<(string, object?)> parameters && Parameters(parameters) is { } sent
            ? Rewrite(Encoding.UTF8.GetBytes($$"""{"model":"flux-pro-2.0","public":false,"parameters":{ {{sent}} } }"""))
            : null;
    }

    /// <summary>
    /// A body that was sent, in the same spelling; a seed that the gateway drew becomes <see cref="Drawn"/>.
    /// </summary>
    public static string OfSent(byte[] sent, string expected)
    {
        var text = Rewrite(sent);
        return expected.Contains(Drawn, StringComparison.Ordinal) ? Seed().Replace(text, "${before}" + Drawn) : text;
    }

    private static string Rewrite(byte[] json)
    {
        StrictReader.TryRead(json, out var root).ShouldBeTrue(Encoding.UTF8.GetString(json));
        return Text(root);

        static string Text(object? value) =>
            value switch
            {
                null => "null",
                bool flag => flag ? "true" : "false",
                string text => Quote(text),
                StrictReader.Number number => number.Text,
                List<object?> items => $"[{string.Join(',', items.Select(Text))}]",
                List<(string Name, object? Value)> members =>
                    $"{{{string.Join(',', members.Select(member => $"{Quote(member.Name)}:{Text(member.Value)}"))}}}",
                _ => throw new System.Diagnostics.UnreachableException(),
            };
    }

    private static string? Parameters(List<(string, object?)> given)
    {
        if (!Only(given, "prompt", "width", "height", "quantity", "seed", "prompt_enhance", "style_ids", "guidances"))
            return null;
        if (Get(given, "prompt") is not string prompt || prompt.EnumerateRunes().All(IsInvisible) || prompt.EnumerateRunes().Count() > 9999)
            return null;
        var width = Integer(given, "width", 256, 1440, "1440");
        var height = Integer(given, "height", 256, 1440, "1440");
        var quantity = Integer(given, "quantity", 1, 8, "1");
        var seed = Integer(given, "seed", 0, 4294967295, Drawn);
        var enhance = Word(given, "prompt_enhance", "OFF", "OFF", "ON");
        var styles = Styles(given);
        var guidances = Guidances(given);
        if (width is null || height is null || quantity is null || seed is null || enhance is null || styles is null || guidances is null)
            return null;
        return $"\"prompt\":{Quote(prompt)},\"quantity\":{quantity},\"width\":{width},\"height\":{height},\"seed\":{seed},\"prompt_enhance\":\"{enhance}\"{styles}{guidances}";
    }

    private static bool IsInvisible(Rune rune) => Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;

    private static string? Styles(List<(string, object?)> given)
    {
        if (!Has(given, "style_ids"))
            return "";
        if (Get(given, "style_ids") is not List<object?> list || list.Any(id => id is not string text || !Uuid().IsMatch(text)))
            return null;
        var ids = list.Select(id => ((string)id!).ToLowerInvariant()).ToList();
        if (ids.Distinct(StringComparer.Ordinal).Count() != ids.Count)
            return null;
        return ids.Count == 0 ? "" : $",\"style_ids\":[{string.Join(',', ids.Select(id => $"\"{id}\""))}]";
    }

    private static string? Guidances(List<(string, object?)> given)
    {
        if (!Has(given, "guidances"))
            return "";
        if (Get(given, "guidances") is not List<(string, object?)> guidances || !Only(guidances, "image_reference"))
            return null;
        if (!Has(guidances, "image_reference"))
            return "";
        if (Get(guidances, "image_reference") is not List<object?> { Count: <= 4 } list)
            return null;
        var references = list.Select(Reference).ToList();
        if (references.Contains(null))
            return null;
        return references.Count == 0 ? "" : $$""","guidances":{"image_reference":[{{string.Join(',', references)}}]}""";
    }

    private static string? Reference(object? item)
    {
        if (item is not List<(string, object?)> reference || !Only(reference, "image", "strength"))
            return null;
        if (Get(reference, "image") is not List<(string, object?)> image || !Only(image, "id", "type"))
            return null;
        if (Get(image, "id") is not string id || !Uuid().IsMatch(id) || Get(image, "type") is not ("GENERATED" or "UPLOADED"))
            return null;
        return Word(reference, "strength", "MID", "LOW", "MID", "HIGH") is { } strength
            ? $$"""{"image":{"id":"{{id.ToLowerInvariant()}}","type":"{{Get(image, "type")}}"},"strength":"{{strength}}"}"""
            : null;
    }

    /// <summary>A JSON number without a fraction or exponent, in range; <c>-0</c> is the integer 0.</summary>
    private static string? Integer(List<(string, object?)> given, string name, long min, long max, string absent)
    {
        if (!Has(given, name))
            return absent;
        if (Get(given, name) is not StrictReader.Number number || number.Text.AsSpan().ContainsAny(".eE"))
            return null;
        return
            number.Text.Length <= 12 && long.Parse(number.Text, CultureInfo.InvariantCulture) is var value && value >= min && value <= max
            ? value.ToString(CultureInfo.InvariantCulture)
            : null;
    }

    private static string? Word(List<(string, object?)> given, string name, string absent, params string[] allowed) =>
        !Has(given, name) ? absent
        : Get(given, name) is string text && allowed.Contains(text, StringComparer.Ordinal) ? text
        : null;

    private static bool Only(List<(string Name, object? Value)> members, params string[] names) =>
        members.TrueForAll(member => names.Contains(member.Name, StringComparer.Ordinal));

    /// <summary>null in an optional member means that it is absent.</summary>
    private static bool Has(List<(string Name, object? Value)> members, string name) => Get(members, name) is not null;

    private static object? Get(List<(string Name, object? Value)> members, string name) =>
        members.Find(member => member.Name == name).Value;

    /// <summary>For comparison only: every character with two spellings is written as a number.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || c == ' ')
                quoted.Append(c);
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(
        "(?<before>\"seed\":)[0-9]{1,10}\\b",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Seed();

    [GeneratedRegex(
        @"\A[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Uuid();
}
