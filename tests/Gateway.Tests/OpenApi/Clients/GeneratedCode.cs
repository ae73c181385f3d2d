using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>
/// Compiles a generated client together with a file that uses it, and runs that file. In memory: a project for each
/// generator would take its time in every build.
/// </summary>
internal static class GeneratedCode
{
    /// <summary>Fails if the compiler warns of anything.</summary>
    /// <param name="files">One of them has <c>Drive.RunAsync(HttpClient team, HttpClient other)</c>.</param>
    /// <param name="packages">
    /// A folder with assemblies that the code uses besides those of the tests; null: none.
    /// </param>
    public static async Task RunAsync(string name, IEnumerable<string> files, Uri gateway, string? packages = null)
    {
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file));
        var assembly = Compile(name, trees, OutputKind.DynamicallyLinkedLibrary, packages);
        var drive = assembly.GetType("Drive")!.GetMethod("RunAsync", BindingFlags.Public | BindingFlags.Static)!;
        using var team = CreateClient(gateway, "a");
        using var other = CreateClient(gateway, "b");
        await (Task)drive.Invoke(null, [team, other])!;
    }

    /// <summary>A program of top-level statements, as in a project with implicit usings.</summary>
    public static Task RunProgramAsync(string name, string program)
    {
        const string Usings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
            """;
        var assembly = Compile(
            name,
            [CSharpSyntaxTree.ParseText(Usings), CSharpSyntaxTree.ParseText(program)],
            OutputKind.ConsoleApplication
        );
        return Task.Run(() => assembly.EntryPoint!.Invoke(null, [Array.Empty<string>()]));
    }

    private static Assembly Compile(string name, IEnumerable<SyntaxTree> trees, OutputKind kind, string? packages = null)
    {
        var assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Concat(packages is null ? [] : Directory.GetFiles(packages, "*.dll"))
            .DistinctBy(Path.GetFileName);
        var compilation = CSharpCompilation.Create(
            name,
            trees,
            assemblies.Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable)
        );
        using var bytes = new MemoryStream();
        var made = compilation.Emit(bytes, cancellationToken: TestContext.Current.CancellationToken);
        made.Diagnostics.Where(found => found.Severity >= DiagnosticSeverity.Warning).Take(20).ShouldBeEmpty();
        bytes.Position = 0;
        var context = new AssemblyLoadContext(name);
        context.Resolving += (_, assembly) =>
            packages is not null && Path.Combine(packages, assembly.Name + ".dll") is var file && File.Exists(file)
                ? context.LoadFromAssemblyPath(file)
                : null;
        return context.LoadFromStream(bytes);
    }

    private static HttpClient CreateClient(Uri gateway, string token) =>
        new() { BaseAddress = gateway, DefaultRequestHeaders = { { "Authorization", "Bearer " + token } } };
}
