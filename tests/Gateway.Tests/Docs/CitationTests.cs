using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Docs;

/// <summary>Comments cite documents of this repository only, by codes that each have one meaning.</summary>
public sealed partial class CitationTests
{
    private static readonly IReadOnlyList<(string Code, string File)> Definitions =
    [
        .. Documents
            .Files.Where(file => file.StartsWith("docs/", StringComparison.Ordinal))
            .SelectMany(file => Documents.Rows(file).Select(row => (Code: row[0], File: file)))
            .Where(definition => Code().Match(definition.Code).Value == definition.Code && definition.Code.Length > 0),
    ];

    private static readonly IReadOnlyList<(string Text, string Place)> Comments =
    [
        .. ((string[])["src", "tests"])
            .SelectMany(folder => Directory.EnumerateFiles(Repository.Path(folder), "*", SearchOption.AllDirectories))
            .Where(file => !Generated().IsMatch(file))
            .SelectMany(CommentsOf),
    ];

    /// <summary>How many threats there are in each section, from A to K.</summary>
    private static readonly int[] Threats = [16, 15, 13, 19, 17, 6, 16, 13, 5, 6, 20];

    [Fact]
    public void Every_code_is_defined_once()
    {
        Definitions.GroupBy(definition => definition.Code).Where(group => group.Count() > 1).ShouldBeEmpty();

        var threats = Threats.SelectMany(
            (count, letter) => Enumerable.Range(1, count).Select(number => $"T-{(char)('A' + letter)}{number}")
        );
        string[] expected =
        [
            .. threats,
            .. Enumerable.Range(1, 6).Select(number => $"L{number}"),
            "L4-sweep",
            .. Enumerable.Range(1, 14).Select(number => $"INV-{number}"),
            .. Enumerable.Range(0, 13).Select(number => $"X{number}"),
            .. Enumerable.Range(1, 10).Select(number => $"P-{number}"),
        ];
        Definitions.Select(definition => definition.Code).ShouldBe(expected, ignoreOrder: true);
    }

    [Fact]
    public void Every_code_cited_in_a_comment_is_defined()
    {
        var known = Definitions.Select(definition => definition.Code).ToHashSet(StringComparer.Ordinal);

        Comments
            .SelectMany(comment => Code().Matches(comment.Text).Select(code => (code.Value, comment.Place)))
            .Where(citation => !known.Contains(citation.Value))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Every_document_cited_in_a_comment_exists() =>
        Comments
            .SelectMany(comment => DocumentName().Matches(comment.Text).Select(name => (name.Value, comment.Place)))
            .Where(citation => !Documents.Files.Contains(citation.Value, StringComparer.Ordinal))
            .ShouldBeEmpty();

    [Fact]
    public void Every_code_cited_in_a_document_is_defined()
    {
        var known = Definitions.Select(definition => definition.Code).ToHashSet(StringComparer.Ordinal);

        Documents
            .Files.SelectMany(file => Code().Matches(Documents.Read(file)).Select(code => (code.Value, file)))
            .Where(citation => !known.Contains(citation.Value))
            .ShouldBeEmpty();
    }

    /// <summary>What stands behind the comment mark of the file's language.</summary>
    private static IEnumerable<(string Text, string Place)> CommentsOf(string file)
    {
        var mark = Path.GetExtension(file) switch
        {
            ".cs" or ".js" or ".mjs" => "//",
            ".sql" => "--",
            ".sh" or ".txt" => "#",
            _ => null,
        };
        if (mark is null)
            yield break;
        var line = 0;
        foreach (var text in File.ReadLines(file))
        {
            line++;
            var start = text.IndexOf(mark, StringComparison.Ordinal);
            if (start >= 0)
                yield return (text[start..], $"{Path.GetRelativePath(Repository.Root, file)}:{line}");
        }
    }

    [GeneratedRegex(
        @"(?<![\w/.-])(T-[A-K]\d+|L\d(-sweep)?|INV-\d+|X\d{1,2}|P-\d+)(?![\w-])",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Code();

    [GeneratedRegex(@"\bdocs/[\w-]+\.md\b", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DocumentName();

    [GeneratedRegex(@"/(obj|bin|node_modules)/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Generated();
}
