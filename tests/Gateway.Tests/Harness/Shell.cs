using System.Diagnostics;

namespace Gateway.Tests.Harness;

/// <summary>Runs a command line as a person would, in bash.</summary>
internal static class Shell
{
    /// <summary>What it wrote to standard output.</summary>
    /// <exception cref="InvalidOperationException">It failed; with what it wrote.</exception>
    public static async Task<string> RunAsync(string command, string folder, int seconds = 60)
    {
        using var process = Process.Start(
            new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", command])
            {
                UseShellExecute = false,
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"{command}\nended with {process.ExitCode}: {await output}{await error}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
