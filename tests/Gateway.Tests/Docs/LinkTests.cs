using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Docs;

public sealed partial class LinkTests
{
    [Fact]
    public void Every_relative_link_leads_to_a_file_and_every_anchor_to_a_heading()
    {
        var broken = new List<string>();
        foreach (var file in Documents.Files)
        {
            var text = Code().Replace(Documents.Read(file), "");
            foreach (Match link in Link().Matches(text))
            {
                var (target, anchor) = (link.Groups["target"].Value, link.Groups["anchor"].Value);
                if (target.Contains("://", StringComparison.Ordinal))
                    continue;
                var path = target.Length == 0 ? file : Path.Combine(Path.GetDirectoryName(file)!, target);
                if (!Path.Exists(Repository.Path(path)))
                    broken.Add($"{file}: {target}");
                else if (anchor.Length > 0 && !Anchors(Repository.Path(path)).Contains(anchor, StringComparer.Ordinal))
                    broken.Add($"{file}: {target}#{anchor}");
            }
        }
        broken.ShouldBeEmpty();
    }

    [Fact]
    public void The_index_names_every_document()
    {
        var index = Documents.Read("docs/README.md");

        Documents
            .Files.Where(file => file.StartsWith("docs/", StringComparison.Ordinal) && file != "docs/README.md")
            .Select(Path.GetFileName)
            .Where(name => !index.Contains($"({name})", StringComparison.Ordinal))
            .ShouldBeEmpty();
    }

    /// <summary>As GitHub makes them: lower case, without punctuation, hyphens for spaces.</summary>
    private static IEnumerable<string> Anchors(string file) =>
        Heading()
            .Matches(File.ReadAllText(file))
            .Select(heading => heading.Groups["text"].Value.Trim().ToLowerInvariant())
            .Select(text => string.Concat(text.Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<target>[^)#\s]*)(#(?<anchor>[^)\s]*))?\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Heading();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Code();
}
