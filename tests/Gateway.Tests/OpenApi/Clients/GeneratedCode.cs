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
    /// <param name="files">The last one has <c>Drive.RunAsync(HttpClient team, HttpClient other)</c>.</param>
    public static async Task RunAsync(string name, IEnumerable<(string Path, string Text)> files, Uri gateway)
    {
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            name,
            files.Select(file => CSharpSyntaxTree.ParseText(file.Text, path: file.Path)),
            platform.Select(file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable)
        );
        using var bytes = new MemoryStream();
        var made = compilation.Emit(bytes, cancellationToken: TestContext.Current.CancellationToken);
        made.Diagnostics.Where(found => found.Severity >= DiagnosticSeverity.Warning).Take(20).ShouldBeEmpty();
        bytes.Position = 0;
        var drive = AssemblyLoadContext
            .Default.LoadFromStream(bytes)
            .GetType("Drive")!
            .GetMethod("RunAsync", BindingFlags.Public | BindingFlags.Static)!;
        using var team = CreateClient(gateway, "a");
        using var other = CreateClient(gateway, "b");
        await (Task)drive.Invoke(null, [team, other])!;
    }

    private static HttpClient CreateClient(Uri gateway, string token) =>
        new() { BaseAddress = gateway, DefaultRequestHeaders = { { "Authorization", "Bearer " + token } } };
}
