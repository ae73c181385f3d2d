using System.Globalization;
using System.Security.Cryptography;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Limits;
using Gateway.Edge.Logging;
using Gateway.Leonardo;
using Gateway.Models;
using Gateway.Storage;
using Gateway.Tenants;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gateway;

/// <summary>
/// Start and end of the process: what it logs about itself, and how it refuses to start.
/// </summary>
internal static partial class Startup
{
    /// <summary>Prints every fault of the configuration.</summary>
    /// <returns>The exit code, not 0.</returns>
    public static int Refuse(IReadOnlyList<string> errors)
    {
        Console.Error.WriteLine("The gateway does not start:");
        foreach (var error in errors)
            Console.Error.WriteLine("- " + error);
        return 1;
    }

    /// <summary>Runs the server until it is stopped.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(WebApplication app, Settings settings)
    {
        // Disposal closes the SQLite file in order, which writes its log back.
        await using var closing = app;
        var output = app.Services.GetRequiredService<StandardOutputSink>();
        output.Hold();
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // SIGTERM during the start.
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
            // A port in use, a malformed address, an unreadable certificate, a store that another process has locked, a
            // schema newer than this program: the operator needs the sentence, not the stack.
            output.Discard();
            await StopAsync(app);
            return Refuse([exception.Message]);
        }
        finally
        {
            // Also before an unhandled exception ends the process.
            output.Release();
        }
        LogStartupSummary(app, settings);
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static async Task StopAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Log.StopFailed(app.Logger, fault);
        }
    }

    private static void LogStartupSummary(WebApplication app, Settings settings)
    {
        var leonardo = app.Services.GetRequiredService<LeonardoOptions>();
        var address = (app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "")
            .Replace("[::]", "localhost", StringComparison.Ordinal)
            .Replace("0.0.0.0", "localhost", StringComparison.Ordinal)
            .TrimEnd('/');
        var log = app.Logger;
        Log.Started(log, address, app.Environment.EnvironmentName);
        if (leonardo.Simulator)
            Log.UpstreamIsSimulated(log);
        else
            Log.Upstream(log, app.Services.GetRequiredService<LeonardoAddress>().Prefix);
        var limits = app.Services.GetRequiredService<LimitOptions>();
        Log.Connections(log, limits.Connections, limits.FileLimit?.ToString(CultureInfo.InvariantCulture) ?? "none");
        Log.Tenants(log, app.Services.GetRequiredService<TenantDirectory>().Description);
        foreach (var name in settings.Unread)
            Log.SettingHasNoEffect(log, name);
        var reached = app.Services.GetRequiredService<PublicUrl>().Configured?.Root ?? address;
        Log.Console(log, reached + "/");
        Log.Documents(log, reached + "/docs", reached + "/swagger");
        Log.Example(log, reached, $$$"""{"model":"{{{ModelCatalogue.All[0].Name}}}","parameters":{"prompt":"A cat wearing a hat"}}""");
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The Leonardo gateway listens on {Address:l}, environment {Environment:l}")]
        public static partial void Started(ILogger log, string address, string environment);

        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Upstream: the bundled simulator. No Leonardo account is used and nothing is charged; set LEONARDO_API_KEY to use Leonardo"
        )]
        public static partial void UpstreamIsSimulated(ILogger log);

        [LoggerMessage(Level = LogLevel.Information, Message = "Upstream: {Upstream:l}, with the configured key. Images are charged")]
        public static partial void Upstream(ILogger log, string upstream);

        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Connections: at most {Connections} at once (Limits:Connections, lowered to fit the limit of open files: {OpenFiles:l})"
        )]
        public static partial void Connections(ILogger log, int connections, string openFiles);

        [LoggerMessage(Level = LogLevel.Information, Message = "Tenants: {Tenants:l}")]
        public static partial void Tenants(ILogger log, string tenants);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "{Setting:l} is set and does nothing: it is misspelt, or another setting replaces it. `gateway check` lists such settings"
        )]
        public static partial void SettingHasNoEffect(ILogger log, string setting);

        [LoggerMessage(Level = LogLevel.Information, Message = "Console: {Console:l}")]
        public static partial void Console(ILogger log, string console);

        [LoggerMessage(Level = LogLevel.Information, Message = "Documents: {Documents:l}, API with examples: {Swagger:l}")]
        public static partial void Documents(ILogger log, string documents, string swagger);

        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Try: curl {Address:l}/v2/generations -H 'content-type: application/json' -d '{Body:l}'"
        )]
        public static partial void Example(ILogger log, string address, string body);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Stopping the partly started gateway failed")]
        public static partial void StopFailed(ILogger log, Exception fault);
    }
}
