using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>Plain present-day English, and one name for one thing.</summary>
internal static partial class LanguageRules
{
    private const string List = "tests/Gateway.Tests/HouseRules/banned-words.txt";

    private static readonly string[] Extensions =
    [
        ".cs",
        ".md",
        ".js",
        ".mjs",
        ".html",
        ".css",
        ".sh",
        ".yml",
        ".yaml",
        ".sql",
        ".json",
        ".http",
        ".csproj",
        ".props",
        ".conf",
        ".editorconfig",
        ".py",
        "",
    ];

    private static readonly string[] SkippedFolders = ["bin", "obj", "node_modules", ".git", "data", "run", "TestResults"];

    private static readonly Lazy<IReadOnlyList<(Regex Word, string Instead)>> Banned = new(() =>
        [
            .. File.ReadLines(Repository.Path(List))
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => Columns().Split(line, 2))
                .Select(columns => (Pattern(columns[0]), columns[1])),
        ]
    );

    public static IEnumerable<Finding> BannedWords() =>
        from file in TextFiles(Repository.Root)
        let path = Path.GetRelativePath(Repository.Root, file)
        where path != List
        from finding in BannedWords(path, File.ReadAllLines(file))
        select finding;

    public static IEnumerable<Finding> BannedWords(string path, IReadOnlyList<string> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            // Names are split into their words.
            var text = WordBoundaries().Replace(lines[i], " ");
            foreach (var (word, instead) in Banned.Value)
            {
                if (word.Match(text) is { Success: true } match)
                    yield return new Finding(path, i + 1, $"\"{match.Value}\" is a banned word; write: {instead}");
            }
        }
    }

    /// <summary>A parameter of this type has one name, in lambdas too.</summary>
    public static IEnumerable<Finding> CancellationTokenNames() =>
        SourceCode.Gateway.SelectMany(file =>
        {
            var symbols = SourceCode.Symbols(file);
            return file
                .Root.DescendantNodes()
                .OfType<ParameterSyntax>()
                .Where(parameter =>
                    symbols.GetDeclaredSymbol(parameter)
                        is IParameterSymbol { Type.Name: "CancellationToken", Name: not ("cancellationToken" or "_") }
                )
                .Select(parameter => file.Find(parameter, $"call the token {parameter.Identifier.Text} cancellationToken"));
        });

    /// <summary>Methods of an interface or base class have their names from there.</summary>
    public static IEnumerable<Finding> AsyncNames() =>
        SourceCode.Gateway.SelectMany(file =>
        {
            var symbols = SourceCode.Symbols(file);
            return file
                .Root.DescendantNodes()
                .Where(node => node is MethodDeclarationSyntax or LocalFunctionStatementSyntax)
                .Select(node => (Node: node, Method: (IMethodSymbol)symbols.GetDeclaredSymbol(node)!))
                .Where(one => IsAwaitable(one.Method) && !one.Method.Name.EndsWith("Async", StringComparison.Ordinal))
                .Where(one => !UnusedMembers.IsPrescribed(one.Method))
                .Select(one => file.Find(one.Node, $"let the name of {one.Method.Name} end in Async"));
        });

    private static bool IsAwaitable(IMethodSymbol method) => method.ReturnType.Name is "Task" or "ValueTask" or "IAsyncEnumerable";

    private static IEnumerable<string> TextFiles(string folder) =>
        Directory
            .EnumerateFiles(folder)
            .Where(file =>
                Extensions.Contains(Path.GetExtension(file))
                && Path.GetFileName(file) is not ("LICENSE" or "package-lock.json" or "packages.lock.json")
            )
            .Concat(
                Directory
                    .EnumerateDirectories(folder)
                    .Where(child => !SkippedFolders.Contains(Path.GetFileName(child)) && new DirectoryInfo(child).LinkTarget is null)
                    .SelectMany(TextFiles)
            );

    private static Regex Pattern(string words) =>
        new(
            $@"\b({string.Join('|', words.Split(',', StringSplitOptions.TrimEntries).Select(Regex.Escape))})\b",
            RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
            TimeSpan.FromSeconds(1)
        );

    [GeneratedRegex("  +", RegexOptions.None, 1000)]
    private static partial Regex Columns();

    [GeneratedRegex("_|(?<=[a-z])(?=[A-Z])", RegexOptions.None, 1000)]
    private static partial Regex WordBoundaries();
}
