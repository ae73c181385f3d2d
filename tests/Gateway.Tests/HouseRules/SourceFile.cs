using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Gateway.Tests.HouseRules;

/// <summary>A C# file of this repository, parsed.</summary>
internal sealed class SourceFile
{
    private readonly SourceText _text;

    private SourceFile(string path, SyntaxTree tree) => (Path, Tree, _text) = (path, tree, tree.GetText());

    /// <summary>Relative to the repository.</summary>
    public string Path { get; }

    public SyntaxTree Tree { get; }

    public SyntaxNode Root => Tree.GetRoot();

    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>Of the text, without the empty one after the last line break.</summary>
    public int LineCount => _text.Lines.Count - (_text.Lines[^1].Span.IsEmpty ? 1 : 0);

    public static SourceFile Read(string root, string file) =>
        new(System.IO.Path.GetRelativePath(root, file), CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file));

    public Finding Find(SyntaxNode node, string message) => Find(node.SpanStart, message);

    public Finding Find(int position, string message) => new(Path, _text.Lines.GetLineFromPosition(position).LineNumber + 1, message);

    public int LineNumber(int position) => _text.Lines.GetLineFromPosition(position).LineNumber;

    /// <summary>The number of lines from one position to another.</summary>
    public int Lines(int start, int end) => LineNumber(end) - LineNumber(start) + 1;

    /// <summary>The lines that are a comment, or have one; with the column where they end.</summary>
    public IEnumerable<(int Line, int Columns, string Text)> CommentLines() =>
        Root.DescendantTrivia(descendIntoTrivia: false)
            .Where(trivia =>
                trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia) || IsDocument(trivia)
            )
            .SelectMany(trivia => LinesOf(trivia.FullSpan))
            .Distinct()
            .Select(line => _text.Lines[line])
            .Select(line => (line.LineNumber + 1, line.Span.Length, line.ToString()));

    private static bool IsDocument(SyntaxTrivia trivia) =>
        trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineDocumentationCommentTrivia);

    private IEnumerable<int> LinesOf(TextSpan span)
    {
        var first = LineNumber(span.Start);
        // A documentation comment ends with its line break.
        var last = LineNumber(Math.Max(span.Start, span.End - 1));
        return Enumerable.Range(first, last - first + 1);
    }
}
