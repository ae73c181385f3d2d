using System.Diagnostics;
using System.Text;

namespace Gateway.Tests.Harness;

/// <summary>Runs a script of a folder under <c>tests</c> that has its own <c>package.json</c>.</summary>
internal static class NodeScript
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(5);

    /// <summary>Skips the test unless Node and the packages of the folder are installed; in CI it fails.</summary>
    public static void Need(string folder)
    {
        Tools.Need("node");
        if (!Directory.Exists(Repository.Path("tests", folder, "node_modules")))
            Tools.ReportMissing($"Run npm ci in tests/{folder}.");
    }

    /// <summary>Fails with the output of the script unless it exits with 0.</summary>
    /// <param name="arguments">The gateway's address first, if the script calls one: it then gets the secrets that no
    /// response may hold.</param>
    public static Task RunAsync(string folder, string script, params string[] arguments) =>
        RunAsync(folder, script, _ => { }, CancellationToken.None, arguments);

    /// <param name="onLine">Is given each line that the script writes, when it writes it.</param>
    /// <param name="cancellationToken">Ends the script, and the browser that it has started.</param>
    public static async Task RunAsync(
        string folder,
        string script,
        Action<string> onLine,
        CancellationToken cancellationToken,
        params string[] arguments
    )
    {
        Need(folder);
        var start = new ProcessStartInfo("node", [script, .. arguments])
        {
            WorkingDirectory = Repository.Path("tests", folder),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (
            Uri.TryCreate(arguments.FirstOrDefault(), UriKind.Absolute, out var gateway)
            && SecretScanner.ForPort(gateway.Port) is { } secrets
        )
            start.Environment["SECRETS"] = $"{secrets}";
        if (InstalledPrograms.Find("chromium") is { } chromium)
            start.Environment.TryAdd("CHROMIUM", chromium);
        using var node = Process.Start(start)!;
        var output = ReadAsync(node.StandardOutput, onLine);
        var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeLimit);
        try
        {
            await node.WaitForExitAsync(timeout.Token);
        }
        finally
        {
            if (!node.HasExited)
                node.Kill(entireProcessTree: true);
        }
        node.ExitCode.ShouldBe(0, await output + await errors);
    }

    private static async Task<string> ReadAsync(StreamReader output, Action<string> onLine)
    {
        var text = new StringBuilder();
        while (await output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            text.AppendLine(line);
            onLine(line);
        }
        return text.ToString();
    }
}
