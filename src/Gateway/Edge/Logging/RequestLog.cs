using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Gateway.Edge.Logging;

/// <summary>
/// The log: events of the gateway by Serilog, and one wide <see cref="RequestEvent"/> for each request.
/// </summary>
internal static class RequestLog
{
    public static void AddLog(this WebApplicationBuilder builder, Settings settings)
    {
        var level = settings.Choice("Logging:Level", LogEventLevel.Information);
        var format = settings.Choice("Logging:Format", builder.Environment.IsDevelopment() ? LogFormat.Text : LogFormat.Json);
        builder.Services.AddSingleton<RefusalLog>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RefusalLog>());
        builder.Services.AddSingleton(_ => new StandardOutputSink(
            format == LogFormat.Text ? new TextLogFormatter() : new RenderedCompactJsonFormatter()
        ));
        builder.Services.AddSingleton(new RequestLogOptions(format, level));
        builder.Services.AddSerilog(
            (services, log) =>
                log
                    .MinimumLevel.Is(level)
                    .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                    .MinimumLevel.Override("Yarp", LogEventLevel.Error)
                    .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)
                    // Its messages hold the caller's text: arguments, names, addresses (T-B13).
                    .MinimumLevel.Override("ModelContextProtocol", LogEventLevel.Fatal)
                    .Enrich.FromLogContext()
                    // After the context, which adds the property that this removes.
                    .Enrich.With<RequestPathRemovingEnricher>()
                    .WriteTo.Sink(services.GetRequiredService<StandardOutputSink>()),
            preserveStaticLogger: true
        );
    }
}

/// <param name="Level">Requests below it are not logged.</param>
internal sealed record RequestLogOptions(LogFormat Format, LogEventLevel Level);
