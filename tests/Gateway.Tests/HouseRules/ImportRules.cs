using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>Which folder of <c>src/Gateway</c> may use which.</summary>
internal static class ImportRules
{
    /// <summary>
    /// A folder uses only folders of earlier lines. Folders of one line are equals and do not use each other.
    /// Every folder is listed, with its sub-folders. A folder and its own sub-folders are one unit: types that the
    /// sub-folders share are in the folder itself, and so is the facade or feature class that uses the sub-folders.
    /// </summary>
    public static readonly string[][] Order =
    [
        ["Edge/Addresses"],
        ["Edge/Problems"],
        ["Edge/Limits"],
        ["Edge/Http", "Edge/Delivery"],
        ["Edge/Rates"],
        ["Edge/Outgoing"],
        ["Edge/Content"],
        ["Edge/Logging"],
        ["Edge/Documentation"],
        ["Edge"],
        ["Storage"],
        ["Tenants"],
        ["Tenants/Sessions"],
        ["Tenants/Identification/Jwt"],
        ["Tenants/Identification"],
        ["Models"],
        ["Ledger/Rules"],
        ["Ledger/Writer"],
        ["Ledger/Sqlite", "Ledger/PostgreSql"],
        ["Ledger/Maintenance"],
        ["Ledger"],
        ["Quotas"],
        ["Leonardo/Origins", "Leonardo/Replies"],
        ["Leonardo/Key"],
        ["Leonardo"],
        ["Images"],
        ["Results"],
        ["Generations", "Uploads", "Reconciliation", "Webhooks"],
        ["Jobs"],
        ["OpenAi", "Mcp/Tools", "Mcp"],
        ["Telemetry/Alerts", "Telemetry", "Admin/SetUp", "Admin"],
        ["SignIn"],
        ["OpenApi", "Docs"],
        ["Cli"],
        ["."],
    ];

    /// <summary>With the reason.</summary>
    private static readonly Dictionary<(string From, string To), string> Exceptions = new()
    {
        [("Edge/Problems", "Edge/Http")] = "a problem is written by the JSON response of Http, which in turn refuses with problems",
    };

    private static readonly Dictionary<string, int> Ranks = Order
        .SelectMany((line, rank) => line.Select(folder => (folder, rank)))
        .ToDictionary(pair => pair.folder, pair => pair.rank, StringComparer.Ordinal);

    public static IEnumerable<Finding> Check()
    {
        var namespaces = SourceCode.Gateway.Select(FolderOf).Distinct(StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        foreach (var unlisted in namespaces.Where(folder => !Ranks.ContainsKey(folder)))
            yield return new Finding($"src/Gateway/{unlisted}", 1, "is not in ImportRules.Order: add the folder where it belongs");
        foreach (var (file, node, used) in Uses().DistinctBy(use => (use.File, use.Folder)))
        {
            if (!IsAllowed(FolderOf(file), used))
                yield return file.Find(
                    node,
                    $"{FolderOf(file)} uses {used} ({node}): move the shared code below both, or turn the dependency round"
                );
        }
    }

    public static bool IsAllowed(string from, string to) =>
        from == to
        || from.StartsWith(to + "/", StringComparison.Ordinal)
        || to.StartsWith(from + "/", StringComparison.Ordinal)
        || Exceptions.ContainsKey((from, to))
        || !Ranks.TryGetValue(from, out var mine)
        || !Ranks.TryGetValue(to, out var other)
        || other < mine;

    /// <summary>
    /// Every using directive and every resolved name: a fully qualified name, or one of a parent namespace, is a use
    /// too.
    /// </summary>
    private static IEnumerable<(SourceFile File, SyntaxNode Node, string Folder)> Uses() =>
        Directives()
            .Concat(
                from reference in SourceCode.Names
                where reference.Symbol is not INamespaceSymbol && SourceCode.IsOurs(reference.Symbol)
                let folders = reference.Symbol.ContainingNamespace?.ToDisplayString().Split('.')
                where folders is ["Gateway", ..]
                select (reference.File, (SyntaxNode)reference.Name, folders.Length == 1 ? "." : string.Join('/', folders.Skip(1)))
            );

    private static IEnumerable<(SourceFile File, SyntaxNode Node, string Folder)> Directives() =>
        from file in SourceCode.Gateway
        from directive in file.Root.DescendantNodes().OfType<UsingDirectiveSyntax>()
        let folders = directive.NamespaceOrType.ToString().Split('.')
        where folders is ["Gateway", _, ..]
        select (file, (SyntaxNode)directive, LongestFolder(folders[1..]));

    private static string FolderOf(SourceFile file) => Path.GetRelativePath("src/Gateway", file.Folder);

    /// <summary>A static using names a type behind the folders.</summary>
    private static string LongestFolder(string[] parts) =>
        Enumerable.Range(0, parts.Length).Select(cut => string.Join('/', parts[..^cut])).FirstOrDefault(Ranks.ContainsKey) ?? parts[0];
}
