using System.Diagnostics;

namespace Gateway.Tests.Harness;

/// <summary>Runs a script of <c>tests/browser</c>: Chromium, driven by Node.</summary>
internal static class BrowserScript
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static string Folder { get; } = Repository.Path("tests", "browser");

    /// <summary>Fails with what the script said, unless it ended well. Skips where a developer has no browser; never in CI.</summary>
    public static async Task RunAsync(string script, params string[] arguments)
    {
        if (Missing() is { } missing)
        {
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), missing);
            Assert.Fail(missing);
        }
        using var node = Process.Start(
            new ProcessStartInfo("node", [script, .. arguments])
            {
                WorkingDirectory = Folder,
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

    private static string? Missing()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!path.Any(folder => File.Exists(Path.Combine(folder, "node"))))
            return "node is not installed.";
        if (!File.Exists(Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium"))
            return "Chromium is not installed (CHROMIUM names another place than /usr/bin/chromium).";
        return Directory.Exists(Path.Combine(Folder, "node_modules")) ? null : "tests/browser wants npm ci.";
    }
}
