using System.Reflection;

namespace Gateway.Tests.Harness;

/// <summary>The working copy that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } =
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "Root").Value!;

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    public static IReadOnlyList<string> Sources(string folder) =>
        [
            .. Directory
                .EnumerateFiles(Path(folder), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
                .Where(file => !file.EndsWith(".g.cs", StringComparison.Ordinal)),
        ];
}
