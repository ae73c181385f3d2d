using System.Security.Cryptography;
using Gateway.Edge;
using Gateway.Leonardo;
using Gateway.Models;
using Gateway.Storage;
using Gateway.Tenants;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gateway;

/// <summary>Start and end of the process: what it starts with, what it says about it, and how it refuses.</summary>
internal static class Startup
{
    /// <summary>Every route of the product is also served where the upstream has it, so that code written for it works by changing the host.</summary>
    public static readonly IReadOnlyList<string> Prefixes = ["", "/api/rest"];

    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                // Settings are read once. Watched, their folder would be: every write to a store that lies in it would wake a thread.
                Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
                EnvironmentName = DefaultEnvironment(),
                // Beside the program, wherever it is started from.
                WebRootPath = Path.Combine(AppContext.BaseDirectory, "wwwroot"),
            }
        );
        string[] portSettings = ["urls", "http_ports", "https_ports"];
        if (portSettings.All(name => builder.Configuration[name] is null))
            builder.WebHost.UseSetting("http_ports", "8080");
        return builder;
    }

    /// <summary>Names every fault of the configuration.</summary>
    /// <returns>The exit code, not 0.</returns>
    public static int Refuse(IReadOnlyList<string> errors)
    {
        Console.Error.WriteLine("The gateway does not start:");
        foreach (var error in errors)
            Console.Error.WriteLine("- " + error);
        return 1;
    }

    public static async Task<int> RunAsync(WebApplication app, Settings settings)
    {
        // So that a SQLite file is closed in order, and whole without its log.
        await using var closing = app;
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop before it was up.
            return 0;
        }
        catch (Exception exception)
            when (exception
                    is IOException
                        or StoreRefusedException
                        or FormatException
                        or ArgumentException
                        or InvalidOperationException
                        or CryptographicException
            )
        {
            // A port in use, an address that is none, a certificate that cannot be opened, a store that another process holds, a schema newer than this
            // program: the operator needs the sentence, not the stack.
            await StopAsync(app);
            return Refuse([exception.Message]);
        }
        LogStartupSummary(app, settings);
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>What had started already ends in order, and not as if by a fault of its own.</summary>
    private static async Task StopAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            app.Logger.LogDebug(fault, "The half-started gateway did not stop in order");
        }
    }

    /// <summary><c>dotnet run</c> on a fresh clone develops; a deployed program is in production unless told otherwise. An environment that is set wins.</summary>
    private static string? DefaultEnvironment() =>
        Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is null
        && Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is null
        && Environment.GetEnvironmentVariable("DOTNET_LAUNCH_PROFILE") is not null
            ? Environments.Development
            : null;

    private static void LogStartupSummary(WebApplication app, Settings settings)
    {
        var leonardo = app.Services.GetRequiredService<LeonardoOptions>();
        var address = (app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "")
            .Replace("[::]", "localhost", StringComparison.Ordinal)
            .Replace("0.0.0.0", "localhost", StringComparison.Ordinal)
            .TrimEnd('/');
        var log = app.Logger;
        log.LogInformation("The Leonardo gateway is up: {Address}, {Environment}", address, app.Environment.EnvironmentName);
        if (leonardo.Simulator)
            log.LogInformation(
                "Upstream: the bundled simulator. No Leonardo account is used and nothing is charged; set LEONARDO_API_KEY to talk to Leonardo"
            );
        else
            log.LogInformation("Upstream: {Upstream}, with a key", app.Services.GetRequiredService<LeonardoAddress>().Prefix);
        log.LogInformation("Store: {Store}", app.Services.GetRequiredService<Database>().Description);
        log.LogInformation("Tenants: {Tenants}", app.Services.GetRequiredService<TenantDirectory>().Description);
        foreach (var name in settings.Unread)
            log.LogWarning("{Setting:l} is set and does nothing: it is misspelt, or another setting takes its place", name);
        log.LogInformation("Swagger UI: {Swagger}", address + "/swagger");
        log.LogInformation(
            "Try: curl {Address:l}/v2/generations -H 'content-type: application/json' -d '{Body:l}'",
            address,
            $$$"""{"model":"{{{ModelCatalogue.All[0].Name}}}","parameters":{"prompt":"A cat wearing a hat"}}"""
        );
    }
}
