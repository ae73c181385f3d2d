using System.Globalization;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>The figures of <c>src/Gateway</c> that a maintainer wants to keep small.</summary>
internal static class StructureTable
{
    public static string Print()
    {
        var files = SourceCode.Gateway.ToArray();
        var lengths = files.Select(file => file.LineCount).Order().ToArray();
        var longest = files.MaxBy(file => file.LineCount)!;
        var methods = files.SelectMany(file => SizeRules.MethodsOf(file).Select(method => (file, method.Node, method.Lines))).ToArray();
        var longMethods = methods.Where(method => method.Lines > 40).OrderByDescending(method => method.Lines).ToArray();
        var comments = files.Sum(file => file.CommentLines().Count());
        var types = files.SelectMany(file => file.Root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()).ToArray();
        (string Name, string Value)[] rows =
        [
            ("files", $"{files.Length}"),
            ("lines", $"{lengths.Sum()}"),
            ("median length of a file", $"{lengths[lengths.Length / 2]} lines"),
            ("nine in ten files have at most", $"{lengths[lengths.Length * 9 / 10]} lines"),
            ("longest file", $"{longest.Path}, {longest.LineCount} lines"),
            ("most files directly in a folder", MostFiles(files)),
            ("types", $"{types.Length}"),
            ("interfaces", $"{types.OfType<InterfaceDeclarationSyntax>().Count()}"),
            ("methods over 40 lines", $"{longMethods.Length} of {methods.Length}"),
            .. longMethods.Select(method => ("", method.file.Find(method.Node, $"{method.Lines} lines").ToString())),
            ("comment lines", (100.0 * comments / lengths.Sum()).ToString("0.0", CultureInfo.InvariantCulture) + " %"),
            ("unresolved citations", $"{Count(Citations.Unresolved())}"),
            ("banned words", $"{Count(LanguageRules.BannedWords())}"),
            ("imports against the order", $"{Count(ImportRules.Check())}"),
            ("unreferenced members", $"{Count(UnusedMembers.Check())}"),
        ];
        return "src/Gateway\n" + string.Join('\n', rows.Select(row => $"  {row.Name, -34}{row.Value}"));
    }

    private static string MostFiles(IEnumerable<SourceFile> files)
    {
        var folder = files.GroupBy(file => file.Folder, StringComparer.Ordinal).MaxBy(group => group.Count())!;
        return $"{folder.Key}, {folder.Count()}";
    }

    private static int Count(IEnumerable<Finding> findings) =>
        findings.Count(finding => finding.File.StartsWith("src/Gateway/", StringComparison.Ordinal));
}
