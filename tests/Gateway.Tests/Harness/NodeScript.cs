using System.Diagnostics;

namespace Gateway.Tests.Harness;

/// <summary>Runs a script of a folder under <c>tests</c> that has its own <c>package.json</c>.</summary>
internal static class NodeScript
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Fails with what the script said, unless it ended well. Skips where a developer lacks something; never in CI.</summary>
    /// <param name="missing">What else the script wants and is not there.</param>
    public static async Task RunAsync(string folder, string script, string? missing, params string[] arguments)
    {
        var path = Repository.Path("tests", folder);
        if ((missing ?? Missing(path)) is { } reason)
        {
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), reason);
            Assert.Fail(reason);
        }
        using var node = Process.Start(
            new ProcessStartInfo("node", [script, .. arguments])
            {
                WorkingDirectory = path,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var output = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await node.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!node.HasExited)
                node.Kill(entireProcessTree: true);
        }
        node.ExitCode.ShouldBe(0, await output + await errors);
    }

    private static string? Missing(string folder)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!path.Any(place => File.Exists(Path.Combine(place, "node"))))
            return "node is not installed.";
        return Directory.Exists(Path.Combine(folder, "node_modules")) ? null : $"{folder} wants npm ci.";
    }
}
