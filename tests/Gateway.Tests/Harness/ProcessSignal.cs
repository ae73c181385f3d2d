using System.Diagnostics;

namespace Gateway.Tests.Harness;

/// <summary>
/// Sends a signal with the shell's own <c>kill</c>: the program of that name is not on every machine.
/// </summary>
internal static class ProcessSignal
{
    /// <param name="name">Such as TERM, KILL, STOP or CONT.</param>
    public static async Task SendAsync(string name, params IEnumerable<int> processes)
    {
        using var shell = Process.Start("sh", ["-c", $"kill -{name} {string.Join(' ', processes)}"]);
        await shell.WaitForExitAsync();
    }
}
