namespace Gateway.Tests.Harness;

/// <summary>Runs a script of <c>tests/browser</c>: Chromium, driven by Node.</summary>
internal static class BrowserScript
{
    public static Task RunAsync(string script, params string[] arguments) => RunAsync(script, _ => { }, CancellationToken.None, arguments);

    /// <param name="onLine">Is given each line that the script writes, when it writes it.</param>
    public static Task RunAsync(string script, Action<string> onLine, CancellationToken cancellationToken, params string[] arguments)
    {
        Tools.Need(Environment.GetEnvironmentVariable("CHROMIUM") ?? "chromium");
        return NodeScript.RunAsync("browser", script, onLine, cancellationToken, arguments);
    }
}
