namespace Gateway.Tests.Harness;

/// <summary>Runs a script of <c>tests/browser</c>: Chromium, driven by Node.</summary>
internal static class BrowserScript
{
    public static Task RunAsync(string script, params string[] arguments)
    {
        Tools.Need(Environment.GetEnvironmentVariable("CHROMIUM") ?? "chromium");
        return NodeScript.RunAsync("browser", script, arguments);
    }
}
