using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.HouseRules;

/// <summary>The codes that comments cite (T-A1, L1, INV-1, X0, P-1) and the documents that define them.</summary>
internal static partial class Citations
{
    public static IEnumerable<Finding> Unresolved()
    {
        var defined = Directory
            .EnumerateFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines)
            .Select(line => Definition().Match(line).Groups["code"].Value)
            .ToHashSet(StringComparer.Ordinal);
        return from file in SourceCode.All
            from comment in file.CommentLines()
            from cited in Code().Matches(comment.Text).Concat(OldForm().Matches(comment.Text))
            where !defined.Contains(cited.Value)
            select new Finding(file.Path, comment.Line, $"cites {cited.Value}, which no table of docs/ defines");
    }

    [GeneratedRegex(@"^\| *`?(?<code>[A-Z][A-Za-z0-9-]*)`? *\|", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Definition();

    [GeneratedRegex(
        @"\b(T-[A-Z]\d+|L[1-9](-sweep)?|INV-\d+|X\d+|P-\d+)\b",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Code();

    [GeneratedRegex(
        @"\b(threats [A-Z]\d+|(contract|ledger), (section|invariant)s? \d+|invariants? \d+|issue \d+)|\.\./shared",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase,
        1000
    )]
    private static partial Regex OldForm();
}
