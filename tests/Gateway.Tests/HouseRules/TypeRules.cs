using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>Classes are sealed, namespaces are folders, files are types, interfaces have two implementations.</summary>
internal static class TypeRules
{
    public static IEnumerable<Finding> Sealing()
    {
        var bases = SourceCode
            .All.SelectMany(file => file.Root.DescendantNodes().OfType<BaseTypeSyntax>())
            .Select(one => SimpleName(one.Type))
            .ToHashSet(StringComparer.Ordinal);
        return from file in SourceCode.All
            from type in file.Root.DescendantNodes().OfType<TypeDeclarationSyntax>()
            where
                type
                    is ClassDeclarationSyntax
                        or RecordDeclarationSyntax { ClassOrStructKeyword.RawKind: not (int)SyntaxKind.StructKeyword }
            where
                !type.Modifiers.Any(modifier =>
                    modifier.Kind() is SyntaxKind.SealedKeyword or SyntaxKind.StaticKeyword or SyntaxKind.AbstractKeyword
                )
            where !bases.Contains(type.Identifier.Text)
            where !(type.Modifiers.Any(SyntaxKind.PartialKeyword) && IsTopLevelProgram(type))
            select file.Find(type.Identifier.SpanStart, $"seal {type.Identifier.Text}: nothing derives from it");
    }

    public static IEnumerable<Finding> Namespaces() =>
        from file in SourceCode.All
        from declared in file.Root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()
        let expected = file.Folder[(file.Folder.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace('/', '.')
        where declared.Name.ToString() != expected
        select file.Find(declared, $"namespace {declared.Name} in the folder of {expected}");

    /// <summary>
    /// The file has the name of one of its types; a file of records alone, such as a family of schemas, has any name.
    /// </summary>
    public static IEnumerable<Finding> FileNames() =>
        from file in SourceCode.All
        let members = file
            .Root.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>()
            .Where(member => TypeName(member) is not null)
            .ToArray()
        let names = members.Select(TypeName).ToArray()
        where members.Any(member => member is ClassDeclarationSyntax or InterfaceDeclarationSyntax)
        where !names.Contains(Path.GetFileNameWithoutExtension(file.Path).Split('.')[0])
        select new Finding(file.Path, 1, $"has the types {string.Join(", ", names)}: name the file after one of them");

    public static IEnumerable<Finding> Interfaces() =>
        from file in SourceCode.Gateway
        let symbols = SourceCode.Symbols(file)
        from declared in file.Root.DescendantNodes().OfType<InterfaceDeclarationSyntax>()
        let count = Implementations(symbols.GetDeclaredSymbol(declared)!)
        where count < 2
        select file.Find(declared, $"the interface {declared.Identifier.Text} has {count} implementations in src: use the class");

    private static int Implementations(INamedTypeSymbol contract) =>
        SourceCode.Gateway.Sum(file =>
        {
            var symbols = SourceCode.Symbols(file);
            return file
                .Root.DescendantNodes()
                .OfType<TypeDeclarationSyntax>()
                .Select(type => symbols.GetDeclaredSymbol(type)!)
                .Count(type =>
                    type is { TypeKind: not TypeKind.Interface, IsAbstract: false }
                    && type.AllInterfaces.Any(one => SymbolEqualityComparer.Default.Equals(one.OriginalDefinition, contract))
                );
        });

    private static bool IsTopLevelProgram(TypeDeclarationSyntax type) => type.Identifier.Text == "Program";

    private static string? TypeName(MemberDeclarationSyntax member) =>
        member switch
        {
            BaseTypeDeclarationSyntax type => type.Identifier.Text,
            DelegateDeclarationSyntax type => type.Identifier.Text,
            _ => null,
        };

    private static string SimpleName(TypeSyntax type) =>
        type switch
        {
            QualifiedNameSyntax qualified => qualified.Right.Identifier.Text,
            SimpleNameSyntax simple => simple.Identifier.Text,
            _ => type.ToString(),
        };
}
