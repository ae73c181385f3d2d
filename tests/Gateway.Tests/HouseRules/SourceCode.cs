using System.Collections.Concurrent;
using Gateway.Tests.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>The C# code of this repository: parsed, and that of the gateway with its symbols resolved.</summary>
internal static class SourceCode
{
    /// <summary>What the web SDK imports everywhere; it writes them into a file of the build.</summary>
    private const string ImplicitUsings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Net.Http.Json; global using System.Threading; global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder; global using Microsoft.AspNetCore.Hosting; global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing; global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection; global using Microsoft.Extensions.Hosting; global using Microsoft.Extensions.Logging;
        """;

    private static readonly Lazy<IReadOnlyList<SourceFile>> AllFiles = new(() => [.. Read("src"), .. Read("tests")]);

    private static readonly Lazy<CSharpCompilation> GatewayCompilation = new(() =>
        CSharpCompilation.Create(
            "Gateway",
            [.. Gateway.Select(file => file.Tree), CSharpSyntaxTree.ParseText(ImplicitUsings)],
            References(),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable)
        )
    );

    private static readonly ConcurrentDictionary<SourceFile, SemanticModel> Models = new();

    private static readonly Lazy<IReadOnlyList<(SourceFile File, SimpleNameSyntax Name, ISymbol Symbol)>> AllReferences = new(() =>
        [.. Gateway.AsParallel().AsOrdered().SelectMany(References)]
    );

    /// <summary>Every name in the code of the gateway, with what it stands for.</summary>
    public static IReadOnlyList<(SourceFile File, SimpleNameSyntax Name, ISymbol Symbol)> Names => AllReferences.Value;

    public static IReadOnlyList<SourceFile> All => AllFiles.Value;

    public static IEnumerable<SourceFile> Gateway => In("src/Gateway/");

    public static IEnumerable<SourceFile> In(string folder) => All.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal));

    public static SemanticModel Symbols(SourceFile file) =>
        Models.GetOrAdd(file, one => GatewayCompilation.Value.GetSemanticModel(one.Tree));

    /// <summary>Whether the symbol is declared in the gateway's own code.</summary>
    public static bool IsOurs(ISymbol symbol) => symbol.Locations.Any(location => location.IsInSource);

    private static IEnumerable<SourceFile> Read(string folder) =>
        Repository.Sources(folder).Order(StringComparer.Ordinal).Select(file => SourceFile.Read(Repository.Root, file));

    private static IEnumerable<(SourceFile, SimpleNameSyntax, ISymbol)> References(SourceFile file)
    {
        var symbols = Symbols(file);
        return from name in file.Root.DescendantNodes().OfType<SimpleNameSyntax>()
            let info = symbols.GetSymbolInfo(name)
            from symbol in info.Symbol is { } one ? [one] : info.CandidateSymbols
            select (file, name, symbol);
    }

    /// <summary>What these tests run with, but for the gateway itself: it is compiled here from its sources.</summary>
    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(file => Path.GetFileName(file) is not ("Gateway.dll" or "Gateway.Tests.dll"))
            .Select(file => MetadataReference.CreateFromFile(file));
}
