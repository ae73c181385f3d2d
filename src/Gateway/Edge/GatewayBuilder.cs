namespace Gateway.Edge;

/// <summary>Where the server and the commands get their settings from.</summary>
internal static class GatewayBuilder
{
    public static WebApplicationBuilder Create(string[] args)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                // Settings are read once. A watched folder that also holds the store would wake a thread with every
                // commit.
                Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
                EnvironmentName = DefaultEnvironment(),
                // Beside the program, whatever the working directory is.
                WebRootPath = Path.Combine(AppContext.BaseDirectory, "wwwroot"),
            }
        );
        string[] portSettings = ["urls", "http_ports", "https_ports"];
        if (portSettings.All(name => builder.Configuration[name] is null))
            builder.WebHost.UseSetting("http_ports", "8080");
        return builder;
    }

    /// <summary>
    /// <c>dotnet run</c> on a fresh clone develops; a deployed program runs in production. <c>dotnet run</c> is
    /// recognised by the launch profile that it passes on (Properties/launchSettings.json). An environment that is set
    /// takes precedence.
    /// </summary>
    private static string? DefaultEnvironment() =>
        Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is null
        && Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is null
        && Environment.GetEnvironmentVariable("DOTNET_LAUNCH_PROFILE") is not null
            ? Environments.Development
            : null;
}
