using System.Text;

namespace Gateway.Tests.Hostile;

/// <summary>
/// Makes bodies from the corpus and from a grammar of the request; the same random numbers give the same body.
/// </summary>
internal sealed class BodyMutator(IReadOnlyList<byte[]> corpus, Random random)
{
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "\"",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\\",
            "\\ud800",
            "\\udc00",
            "\\ud83d\\udc08",
            "\\u0000",
            "\\u006d",
            "null",
            "true",
            "false",
            "0",
            "-0",
            "-1",
            "1e3",
            "1.0",
            "256",
            "255",
            "1440",
            "1441",
            "8",
            "9",
            "4294967295",
            "4294967296",
            "18446744073709551616",
            "9223372036854775808",
            "//",
            "/*",
            "*/",
            "\u2028",
            "\ufeff",
            "\u00a0",
            "\0",
            "\"a\":1,\"a\":2,",
            "\"model\":",
            "\"public\":false",
            "\"public\":true",
            "\"parameters\":{",
            "\"prompt\":\"x\"",
            "\"width\":",
            "\"style_ids\":[",
            "\"guidances\":{\"image_reference\":[",
            "\"image\":{\"id\":\"fc6f78c6-e7ac-491b-ad26-01f6843db870\",\"type\":\"UPLOADED\"}",
            "\"\\ud800\":1,",
            "flux-pro-2.0",
            "ON",
            "MID",
            " ",
            "\n",
            "é",
            "🐈",
        }.Select(Encoding.UTF8.GetBytes),
        [0x80],
        [0xC0, 0xAF],
        [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80],
        [0xFF],
        [0xEF, 0xBB, 0xBF],
    ];

    public byte[] Next()
    {
        var body = new List<byte>(random.Next(3) == 0 ? Encoding.UTF8.GetBytes(Request()) : Pick(corpus));
        for (var changes = random.Next(5); changes > 0; changes--)
            Change(body);
        return [.. body];
    }

    private void Change(List<byte> body)
    {
        var at = random.Next(body.Count + 1);
        var length = Math.Min(random.Next(1, 40), body.Count - at);
        switch (random.Next(7))
        {
            case 0:
                body.InsertRange(at, Pick(Tokens));
                break;
            case 1:
                body.RemoveRange(at, length);
                break;
            case 2:
                var piece = body.GetRange(at, length);
                for (var times = random.Next(10) == 0 ? 200 : 1; times > 0; times--)
                    body.InsertRange(at, piece);
                break;
            case 3 when at < body.Count:
                body[at] ^= (byte)(1 << random.Next(8));
                break;
            case 4 when at < body.Count:
                body[at] = (byte)random.Next(256);
                break;
            case 5:
                var other = Pick(corpus);
                var from = random.Next(other.Length + 1);
                body.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(200))]);
                break;
            default:
                body.RemoveRange(at, length);
                body.InsertRange(at, Pick(Tokens));
                break;
        }
    }

    /// <summary>Mostly valid: each member may be absent, in any place, or of another kind.</summary>
    private string Request()
    {
        string[] ids =
        [
            "fc6f78c6-e7ac-491b-ad26-01f6843db870",
            "111DC692-d470-4eec-b791-3475abac4c46",
            "00000000-0000-0000-0000-000000000000",
            "x",
        ];
        string Uuid() => $"\"{Pick(ids)}\"";
        string Reference() =>
            Object(
                ("image", Object(("id", Uuid()), ("type", Pick("\"GENERATED\"", "\"UPLOADED\"", "\"URL\"")))),
                ("strength", Pick("\"LOW\"", "\"MID\"", "\"HIGH\"", "\"\""))
            );
        string List(Func<string> item) => $"[{string.Join(',', Enumerable.Range(0, random.Next(6)).Select(_ => item()))}]";
        return Object(
            ("model", "\"flux-pro-2.0\""),
            ("public", Pick("false", "false", "true")),
            (
                "parameters",
                Object(
                    (
                        "prompt",
                        Pick("\"A cat\"", "\"\\ud83d\\udc08\"", "\"\\u0000\"", "\" \"", $"\"{new string('x', random.Next(9990, 10010))}\"")
                    ),
                    ("width", Pick("256", "1440", "255", "1441", "-0", "512.0")),
                    ("height", Pick("256", "1440", "600", "1e3")),
                    ("quantity", Pick("1", "8", "0", "9")),
                    ("seed", Pick("0", "-0", "4294967295", "4294967296", "12345")),
                    ("prompt_enhance", Pick("\"ON\"", "\"OFF\"", "\"AUTO\"")),
                    ("style_ids", List(Uuid)),
                    ("guidances", Object(("image_reference", List(Reference))))
                )
            )
        );
    }

    private string Object(params (string Name, string Value)[] members)
    {
        random.Shuffle(members);
        var odd = new[] { "null", "[]", "{}", "\"\"", "0", "true" };
        return $"{{{string.Join(',', members.Where(_ => random.Next(12) > 0).Select(member => $"\"{member.Name}\":{(random.Next(40) == 0 ? Pick(odd) : member.Value)}"))}}}";
    }

    private T Pick<T>(params IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
