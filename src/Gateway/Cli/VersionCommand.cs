using System.Reflection;
using Gateway.Edge;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary><c>gateway version</c>: what a bug report needs.</summary>
internal static class VersionCommand
{
    /// <summary>Without the commit that the SDK appends.</summary>
    private static string Gateway =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static Task<int> RunAsync(string[] args)
    {
        if (args is not [])
            return CommandLine.RefuseAsync("version takes no arguments.", "version");
        Console.Out.WriteLine($"gateway {Gateway}");
        Console.Out.WriteLine($".NET {Environment.Version}");
        Console.Out.WriteLine($"SQLite {SqliteDatabase.EngineVersion}");
        return Task.FromResult(ExitCode.Good);
    }
}
