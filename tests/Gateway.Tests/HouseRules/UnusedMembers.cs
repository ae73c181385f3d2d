using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>
/// Types, methods, properties, fields and events of the gateway to which no other code of the gateway refers.
/// </summary>
internal static class UnusedMembers
{
    /// <summary>Tests observe or trigger through them what no caller can: kept on purpose.</summary>
    private static readonly string[] SeenByTests =
    [
        "Admitted.At",
        "CompletionWaiters.Count",
        "Network.Contains",
        "QuotaLedger.SweepAsync",
        "Scope.Everything",
    ];

    public static IEnumerable<Finding> Check()
    {
        var used = Used();
        var reflected = ReadByReflection();
        return from file in SourceCode.Gateway
            let symbols = SourceCode.Symbols(file)
            from node in file.Root.DescendantNodes()
            let symbol = Declared(symbols, node)
            where
                symbol is not null
                && !used.Contains(symbol)
                && !IsPrescribed(symbol)
                && !SeenByTests.Contains($"{symbol.ContainingType?.Name}.{symbol.Name}")
                && !(symbol is IPropertySymbol { ContainingType: { } owner } && reflected.Contains(owner))
            select file.Find(node, $"nothing in src refers to {symbol.ContainingType?.Name}.{symbol.Name}: delete it");
    }

    /// <summary>Its name is given by a base class, an interface or the platform.</summary>
    public static bool IsPrescribed(ISymbol symbol) =>
        symbol.IsOverride
        || symbol is IMethodSymbol { Name: "Main" or "<Main>$" or "BindAsync" or "InvokeAsync" }
        || symbol is IMethodSymbol { ExplicitInterfaceImplementations.Length: > 0 }
        || symbol.ContainingType is { } type
            && type.AllInterfaces.SelectMany(contract => contract.GetMembers())
                .Any(member => SymbolEqualityComparer.Default.Equals(type.FindImplementationForInterfaceMember(member), symbol));

    private static ISymbol? Declared(SemanticModel symbols, SyntaxNode node) =>
        node switch
        {
            MethodDeclarationSyntax or PropertyDeclarationSyntax or BaseTypeDeclarationSyntax or EnumMemberDeclarationSyntax =>
                symbols.GetDeclaredSymbol(node),
            VariableDeclaratorSyntax { Parent.Parent: BaseFieldDeclarationSyntax } => symbols.GetDeclaredSymbol(node),
            // The properties of a record's primary constructor.
            ParameterSyntax { Parent.Parent: RecordDeclarationSyntax record } parameter => (
                (INamedTypeSymbol)symbols.GetDeclaredSymbol(record)!
            )
                .GetMembers(parameter.Identifier.Text)
                .FirstOrDefault(),
            _ => null,
        };

    private static HashSet<ISymbol> Used()
    {
        var used = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (var (_, _, symbol) in SourceCode.Names)
            Add(used, symbol);
        foreach (var file in SourceCode.Gateway)
        {
            var symbols = SourceCode.Symbols(file);
            foreach (var node in file.Root.DescendantNodes())
                AddImplicit(used, symbols, node);
        }
        return used;
    }

    /// <summary>What is used without its name: new(), operators, with deconstruction and positional patterns.</summary>
    private static void AddImplicit(HashSet<ISymbol> used, SemanticModel symbols, SyntaxNode node)
    {
        switch (node)
        {
            case BaseObjectCreationExpressionSyntax when symbols.GetSymbolInfo(node).Symbol is IMethodSymbol constructor:
                Add(used, constructor.ContainingType);
                break;
            case RecursivePatternSyntax { PositionalPatternClause: not null } pattern
                when symbols.GetTypeInfo(pattern).ConvertedType is { } type:
                foreach (var property in Positional(type))
                    Add(used, property);
                break;
            case AssignmentExpressionSyntax assignment when symbols.GetDeconstructionInfo(assignment).Method is { } method:
                foreach (var property in Positional(method.ContainingType))
                    Add(used, property);
                break;
        }
    }

    private static IEnumerable<ISymbol> Positional(ITypeSymbol type) => type.GetMembers().OfType<IPropertySymbol>();

    private static void Add(HashSet<ISymbol> used, ISymbol symbol)
    {
        var definition = symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension.OriginalDefinition : symbol.OriginalDefinition;
        if (!used.Add(definition))
            return;
        if (definition is IMethodSymbol { PartialDefinitionPart: { } declaration })
            used.Add(declaration);
        // A call of an extension method does not name the class that has it.
        for (var type = definition.ContainingType; type is not null; type = type.ContainingType)
        {
            if (definition is IMethodSymbol || type.IsStatic)
                used.Add(type.OriginalDefinition);
        }
    }

    /// <summary>
    /// Types whose properties a serializer, the OpenAPI document or a hash table reads: type arguments of
    /// System.Text.Json and of
    /// ASP.NET Core, the types listed for a JsonSerializerContext, keys of dictionaries; with the types of their
    /// properties.
    /// </summary>
    private static HashSet<ITypeSymbol> ReadByReflection()
    {
        var types = new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default);
        foreach (var (file, name, symbol) in SourceCode.Names)
        {
            if (symbol is IMethodSymbol { TypeArguments.Length: > 0 } method && IsSerializer(method))
                AddReflected(types, method.TypeArguments);
            // Keys of hash tables: their equality reads every property.
            if (symbol is INamedTypeSymbol { TypeArguments: [var key, ..] } && key is { IsRecord: true, IsValueType: true })
                AddReflected(types, [key]);
            if (name.FirstAncestorOrSelf<AttributeSyntax>() is { } attribute && attribute.Name.ToString() == "JsonSerializable")
                AddReflected(types, [.. symbol is ITypeSymbol type ? [type] : Array.Empty<ITypeSymbol>()]);
        }
        return types;
    }

    private static bool IsSerializer(IMethodSymbol method) =>
        method.ContainingNamespace?.ToDisplayString() is { } space
        && (
            space.StartsWith("System.Text.Json", StringComparison.Ordinal)
            || space.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
        );

    private static void AddReflected(HashSet<ITypeSymbol> types, IEnumerable<ITypeSymbol> added)
    {
        foreach (var type in added)
        {
            if (type is IArrayTypeSymbol array)
                AddReflected(types, [array.ElementType]);
            if (type is not INamedTypeSymbol named)
                continue;
            AddReflected(types, named.TypeArguments);
            if (SourceCode.IsOurs(named) && types.Add(named))
                AddReflected(types, named.GetMembers().OfType<IPropertySymbol>().Select(property => property.Type));
        }
    }
}
