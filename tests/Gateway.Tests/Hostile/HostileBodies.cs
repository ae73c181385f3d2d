using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Hostile;

/// <param name="Violations">Every <c>pointer code</c>, in order; null: not compared.</param>
internal sealed record HostileBody(string Name, byte[] Bytes, int Status, string Problem, IReadOnlyList<string>? Violations)
{
    /// <summary>Whether it must be forwarded.</summary>
    public bool IsValid => Status is 200 or 422;
}

/// <summary>The corpus: <c>bodies.txt</c>, and bodies that are too long for that file.</summary>
internal static partial class HostileBodies
{
    /// <summary>Enough characters for 18,000 names of two.</summary>
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'()*+,-./:;<=>?@[]^_`{|}~";

    public static IReadOnlyList<HostileBody> All { get; } = [.. Written(), .. Generated()];

    private static IEnumerable<HostileBody> Written()
    {
        var (status, problem, frame) = (0, "", "¤");
        IReadOnlyList<string>? violations = null;
        var number = 0;
        foreach (var line in File.ReadLines(Repository.Path("tests", "Gateway.Tests", "Hostile", "bodies.txt"), Encoding.UTF8))
        {
            number++;
            if (line.Length == 0 || line.StartsWith("# ", StringComparison.Ordinal))
                continue;
            if (line.StartsWith("@ ", StringComparison.Ordinal))
                frame = line[2..];
            else if (line.StartsWith("= ", StringComparison.Ordinal))
            {
                var parts = line[2..].Split(' ', 3);
                status = int.Parse(parts[0], CultureInfo.InvariantCulture);
                problem = parts[1];
                violations = parts is [_, _, not "*"] ? [.. parts[2].Split(", ").Order(StringComparer.Ordinal)] : null;
            }
            else
                yield return new HostileBody(
                    $"line {number}",
                    Bytes(frame.Replace("¤", line, StringComparison.Ordinal)),
                    status,
                    problem,
                    violations
                );
        }
    }

    private static IEnumerable<HostileBody> Generated()
    {
        var names = Letters.SelectMany(_ => Letters, (a, b) => $"{a}{b}").Concat(Letters.SelectMany(_ => Letters, (a, b) => $"é{a}{b}"));
        var two = names.Take(8000).ToArray();
        yield return Validation("8,000 members nobody knows", $"{{{string.Join(',', two.Select(name => $"\"{name}\":1"))}}}");
        yield return Validation("the same inside", Parameters(string.Join(',', two.Select(name => $"\"{name}\":1"))));
        yield return Malformed(
            "8,000 names and one twice",
            $"{{{string.Join(',', two.Append("zz").Select(name => $"\"{name}\":1"))},\"{two[0]}\":2}}"
        );
        yield return Malformed("18,000 times one name", $"{{{string.Join(',', Enumerable.Repeat("\"a\":1", 18_000))}}}");
        yield return new HostileBody(
            "20,000 names",
            Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(10000, 20_000).Select(i => $"\"{i}\":1"))}}}"),
            413,
            "too-large",
            null
        );
        yield return Validation("16,000 faults of two kinds", Styles(string.Join(',', Enumerable.Repeat("1,\"\"", 16_000))));
        yield return Validation("30,000 styles that are none", Styles(string.Join(',', Enumerable.Repeat("\"\"", 30_000))));
        yield return Validation("60,000 numbers for styles", Styles(string.Join(',', Enumerable.Repeat("1", 60_000))));
        yield return Validation(
            "3,000 times one style",
            Styles(string.Join(',', Enumerable.Repeat("\"111dc692-d470-4eec-b791-3475abac4c46\"", 3_000)))
        );
        yield return Validation("40,000 empty references", References(string.Join(',', Enumerable.Repeat("{}", 40_000))));
        yield return Validation("20,000 references of two kinds", References(string.Join(',', Enumerable.Repeat("{},7", 20_000))));
        yield return Validation("8,000 broken images", References(string.Join(',', Enumerable.Repeat("{\"image\":{}}", 8_000))));
    }

    private static string Parameters(string members) => $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat",{{{members}}}}}""";

    private static string Styles(string items) => Parameters($"\"style_ids\":[{items}]");

    private static string References(string items) => Parameters($$"""  "guidances":{"image_reference":[{{items}}]}""");

    private static HostileBody Validation(string name, string body) => new(name, Encoding.UTF8.GetBytes(body), 400, "validation", null);

    private static HostileBody Malformed(string name, string body) =>
        new(name, Encoding.UTF8.GetBytes(body), 400, "malformed-request", null);

    private static byte[] Bytes(string text)
    {
        var bytes = new List<byte>();
        var at = 0;
        foreach (Match piece in Piece().Matches(text))
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(text[at..piece.Index]));
            var what = piece.Groups["what"].Value;
            byte[] unit = Hex().IsMatch(what)
                ? Convert.FromHexString(what.Replace(" ", "", StringComparison.Ordinal))
                : Encoding.UTF8.GetBytes(what);
            var times = piece.Groups["times"] is { Success: true } given ? int.Parse(given.Value, CultureInfo.InvariantCulture) : 1;
            for (var i = 0; i < times; i++)
                bytes.AddRange(unit);
            at = piece.Index + piece.Length;
        }
        bytes.AddRange(Encoding.UTF8.GetBytes(text[at..]));
        return [.. bytes];
    }

    [GeneratedRegex(
        @"⟦(?<what>[^×⟧]*)(×(?<times>\d+))?⟧",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Piece();

    [GeneratedRegex(
        @"\A([0-9A-F]{2})?( [0-9A-F]{2})*\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Hex();
}
