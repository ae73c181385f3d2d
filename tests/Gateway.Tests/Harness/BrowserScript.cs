namespace Gateway.Tests.Harness;

/// <summary>Runs a script of <c>tests/browser</c>: Chromium, driven by Node.</summary>
internal static class BrowserScript
{
    public static Task RunAsync(string script, params string[] arguments) => NodeScript.RunAsync("browser", script, Missing(), arguments);

    private static string? Missing() =>
        File.Exists(Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium")
            ? null
            : "Chromium is not installed (CHROMIUM names another place than /usr/bin/chromium).";
}
