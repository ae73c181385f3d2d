using System.Diagnostics;

namespace Gateway.Tests.Harness;

/// <summary>Runs a script of a folder under <c>tests</c> that has its own <c>package.json</c>.</summary>
internal static class NodeScript
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Fails with what the script said, unless it ended well. Skips where a developer lacks something; never in CI.</summary>
    /// <param name="missing">What else the script wants and is not there.</param>
    /// <param name="arguments">The gateway's address first, if it talks to one: it is told what no answer of that one may hold.</param>
    public static async Task RunAsync(string folder, string script, string? missing, params string[] arguments)
    {
        var path = Repository.Path("tests", folder);
        Tools.Need("node");
        if ((missing ?? Missing(path)) is { } reason)
            Tools.Lack(reason);
        var start = new ProcessStartInfo("node", [script, .. arguments])
        {
            WorkingDirectory = path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Uri.TryCreate(arguments.FirstOrDefault(), UriKind.Absolute, out var gateway) && Secrets.Of(gateway.Port) is { } secrets)
            start.Environment["SECRETS"] = $"{secrets}";
        using var node = Process.Start(start)!;
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

    private static string? Missing(string folder) =>
        Directory.Exists(Path.Combine(folder, "node_modules")) ? null : $"{folder} wants npm ci.";
}
