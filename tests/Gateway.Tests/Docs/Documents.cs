using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Docs;

/// <summary>The documents of the repository and what the tests read in them: commands, codes, links.</summary>
internal static partial class Documents
{
    /// <summary>Relative to the root: README.md and its neighbours, docs/*.md and the templates.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        .. ((string[])[".", "docs", ".github"])
            .Select(folder => Repository.Path(folder))
            .Where(Directory.Exists)
            .SelectMany(folder =>
                Directory.EnumerateFiles(
                    folder,
                    "*.md",
                    folder.EndsWith("/.", StringComparison.Ordinal) ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories
                )
            )
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Order(StringComparer.Ordinal),
    ];

    public static string Read(string file) => File.ReadAllText(Repository.Path(file));

    /// <summary>The commands of every block that is marked <c>test: NAME</c>, in the order of the text.</summary>
    public static IReadOnlyList<string> Commands(string name) =>
        [
            .. Files
                .SelectMany(file => Block().Matches(Read(file)))
                .Where(block => block.Groups["name"].Value == name)
                .Select(block => block.Groups["command"].Value),
        ];

    /// <summary>The commands of the only block of this name.</summary>
    public static string Command(string name) => Commands(name).ShouldHaveSingleItem();

    public static IReadOnlyList<string> CommandNames { get; } =
    [
        .. Files
            .SelectMany(file => Mark().Matches(Read(file)))
            .Select(mark => mark.Groups["name"].Value)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The cells of every row of the tables of a document, headings included.</summary>
    public static IEnumerable<IReadOnlyList<string>> Rows(string file) =>
        Read(file)
            .Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => (IReadOnlyList<string>)[.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())]);

    [GeneratedRegex(
        @"<!-- test: (?<name>[\w-]+) -->\n```(sh|ts|csharp|powershell)\n(?<command>.*?)\n```",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Block();

    [GeneratedRegex(@"<!-- test: (?<name>[\w-]+) -->", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Mark();
}
