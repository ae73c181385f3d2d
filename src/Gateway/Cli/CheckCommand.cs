using Gateway.Edge;
using Gateway.Models;
using Gateway.Tenants;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway check [FILE]</c>: what the server would refuse, without starting it. Every fault is one line on stderr.
/// </summary>
internal static class CheckCommand
{
    public const string Name = "check";

    public static IReadOnlyCollection<string> Models => [.. ModelCatalogue.All.Select(model => model.Name)];

    /// <summary>With a FILE: that tenants file alone.</summary>
    public static Task<int> RunAsync(string[] args) =>
        args is [var file and not ['-', ..]]
            ? Task.FromResult(CheckFile(file))
            : CommandLine.RefuseAsync("check takes at most one file.", Name);

    /// <summary>Without: everything that a start reads before it opens the store.</summary>
    /// <returns>The exit code.</returns>
    public static int CheckSettings(Settings settings, IHostEnvironment environment)
    {
        var faults = settings.Errors.Concat(
            settings.Unread.Select(name => $"{name}: does nothing; it is misspelt, or another setting replaces it")
        );
        if (Report([.. faults]) is var code && code != ExitCode.Good)
            return code;
        var file = TenantsFeature.FileOf(settings, environment);
        // Settings without a fault let it be missing only in Development.
        return File.Exists(file) ? CheckFile(file) : Good(1);
    }

    private static int CheckFile(string file)
    {
        byte[] json;
        try
        {
            json = File.ReadAllBytes(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Report([$"{file}: {(File.Exists(file) ? "cannot be read" : "there is no such file")}"]);
        }
        var (tenants, faults) = TenantsFile.Read(json, Models);
        return tenants is null ? Report([.. faults.Select(fault => $"{fault.Pointer}: {fault.Detail}")]) : Good(tenants.Tenants.Count);
    }

    private static int Report(IReadOnlyList<string> faults)
    {
        foreach (var fault in faults)
            Console.Error.WriteLine(fault);
        return faults.Count == 0 ? ExitCode.Good : ExitCode.Finding;
    }

    private static int Good(int tenants)
    {
        Console.Out.WriteLine(tenants == 1 ? "ok: 1 tenant" : $"ok: {tenants} tenants");
        return ExitCode.Good;
    }
}
