using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>How long a file, a method and a comment may be, and how full a folder.</summary>
internal static class SizeRules
{
    public const int FileLines = 300;
    public const int MethodLines = 60;
    public const int CommentColumns = 120;
    public const int FilesPerFolder = 25;

    public static IEnumerable<Finding> Files() =>
        SourceCode
            .All.Where(file => file.LineCount > FileLines)
            .Select(file => new Finding(file.Path, FileLines + 1, $"has {file.LineCount} lines; split it: at most {FileLines}"));

    public static IEnumerable<Finding> Folders() =>
        SourceCode
            .All.GroupBy(file => file.Folder, StringComparer.Ordinal)
            .Where(folder => folder.Count() > FilesPerFolder)
            .Select(folder => new Finding(
                folder.Key,
                1,
                $"has {folder.Count()} files; group them in sub-folders: at most {FilesPerFolder}"
            ));

    public static IEnumerable<Finding> Methods() =>
        from file in SourceCode.All
        from method in MethodsOf(file)
        where method.Lines > MethodLines
        select file.Find(method.Node, $"a method of {method.Lines} lines; extract parts that have a name: at most {MethodLines}");

    public static IEnumerable<Finding> Comments() =>
        from file in SourceCode.All
        from comment in file.CommentLines()
        where comment.Columns > CommentColumns
        select new Finding(file.Path, comment.Line, $"a comment that ends in column {comment.Columns}; wrap it: at most {CommentColumns}");

    /// <summary>Methods, constructors, operators, accessors and local functions; not the tables of test data.</summary>
    public static IEnumerable<(SyntaxNode Node, int Lines)> MethodsOf(SourceFile file) =>
        file
            .Root.DescendantNodes()
            .Where(node => node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax)
            .Where(node => node is not MethodDeclarationSyntax { ExpressionBody.Expression: CollectionExpressionSyntax })
            .Select(node => (node, file.Lines(StartOf(node), node.Span.End)));

    /// <summary>Attributes, such as the rows of a theory, are not part of the length.</summary>
    private static int StartOf(SyntaxNode node) =>
        node is MemberDeclarationSyntax { AttributeLists: [.., var last] } ? last.GetLastToken().GetNextToken().SpanStart : node.SpanStart;
}
