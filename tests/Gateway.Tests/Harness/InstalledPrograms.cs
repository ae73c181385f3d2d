namespace Gateway.Tests.Harness;

/// <summary>
/// The only place that looks for programs on this machine, so that <c>tests/bare-machine.sh</c> can hide them.
/// </summary>
internal static class InstalledPrograms
{
    /// <summary>Another root for the folders outside <c>PATH</c>, for systems that do not allow to hide them.</summary>
    private const string RootVariable = "INSTALLED_PROGRAMS_ROOT";

    private static string Root =>
        Environment.GetEnvironmentVariable(RootVariable) is { Length: > 0 } root ? root : Path.DirectorySeparatorChar.ToString();

    /// <param name="program">A name, or an absolute path.</param>
    /// <param name="pattern">A folder outside <c>PATH</c>; its one <c>*</c> stands for a version, and the highest
    /// wins.</param>
    /// <returns>The path of the file; null if it is not installed.</returns>
    public static string? Find(string program, string? pattern = null) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(pattern is null ? [] : Folders(pattern))
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static IEnumerable<string> Folders(string pattern)
    {
        var parts = pattern.Split('*');
        var parent = Path.Combine(Root, parts[0].TrimStart('/'));
        return Directory.Exists(parent)
            ? Directory
                .GetDirectories(parent)
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0)
                .Select(folder => Path.Combine(folder, parts[1].TrimStart('/')))
            : [];
    }
}
