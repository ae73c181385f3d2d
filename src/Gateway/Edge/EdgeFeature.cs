using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Gateway.Edge;

/// <summary>What applies to every request, before any feature: server limits, the log, request ids, problems.</summary>
internal static class EdgeFeature
{
    public const int MaxBodyBytes = 128 * 1024;

    /// <summary>
    /// The server's own limit; each route enforces a far smaller one. Kestrel drains a refused body for five seconds,
    /// so that a client that is still sending can read the refusal.
    /// </summary>
    private const long MaxDrainedBytes = 64 * 1024 * 1024;

    public static void AddEdge(this WebApplicationBuilder builder, Settings settings)
    {
        var configured = LimitOptions.Read(settings);
        builder.Services.AddSingleton(configured);
        builder.Services.AddSingleton(TrustedProxies.Read(settings));
        builder.Services.AddCrossOrigin(settings);
        builder.Services.AddSingleton(ManagementPort.Add(builder, settings));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var limits = kestrel.Limits;
            limits.MaxRequestBodySize = MaxDrainedBytes;
            limits.MaxRequestHeaderCount = 64;
            limits.MaxRequestHeadersTotalSize = 16 * 1024;
            limits.MaxRequestLineSize = 4 * 1024;
            limits.RequestHeadersTimeout = configured.HeadersTimeout;
            limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
            limits.MinRequestBodyDataRate = new(configured.MinBytesPerSecond, configured.GracePeriod);
            limits.MinResponseDataRate = new(configured.MinBytesPerSecond, configured.GracePeriod);
            limits.MaxConcurrentConnections = configured.Connections;
            limits.Http2.MaxStreamsPerConnection = 100;
        });
        var level = settings.Choice("Logging:Level", LogEventLevel.Information);
        builder.Services.AddSerilog((_, log) => Configure(log, builder.Environment, level), preserveStaticLogger: true);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks();
        builder.Services.Configure<ApiDocumentation>(EdgeDocumentation.Describe);
    }

    public static void UseEdge(this WebApplication app)
    {
        app.UseMiddleware<RequestId>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseRequestLog();
        app.UseMiddleware<ProblemMiddleware>();
        if (app.Services.GetRequiredService<ManagementOptions>().Port is not null)
            app.UseMiddleware<ManagementPort>();
        app.UseMiddleware<RequestSmugglingGuard>();
        app.UseCrossOrigin();
        // The console and the style of the problem pages; Swagger UI serves its own files.
        app.UseDefaultFiles();
        // Revalidated every time: a cached console must not mix files of two versions.
        app.UseStaticFiles(
            new StaticFileOptions { OnPrepareResponse = static file => file.Context.Response.Headers.CacheControl = "no-cache" }
        );
    }

    /// <summary>Before everything that costs something.</summary>
    public static void UseRequestRate(this WebApplication app)
    {
        if (app.Services.GetRequiredService<LimitOptions>().RequestsPerSecond > 0)
            app.UseMiddleware<AddressRateLimit>();
    }

    /// <summary>After routing: the endpoint declares what it answers with.</summary>
    public static void UseNegotiation(this IApplicationBuilder app) => app.UseMiddleware<ContentNegotiation>();

    public static void MapEdge(this WebApplication app)
    {
        app.MapProblemPages();
        app.MapHealth();
    }

    private static void Configure(LoggerConfiguration log, IHostEnvironment environment, LogEventLevel level)
    {
        log.MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Warning)
            .MinimumLevel.Override("Yarp", LogEventLevel.Error)
            .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            // After the context, which brings it.
            .Enrich.With<RequestPathRemovingEnricher>();
        if (environment.IsDevelopment())
            log.WriteTo.Console(
                formatProvider: System.Globalization.CultureInfo.InvariantCulture,
                outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj} {Properties:j}{NewLine}{Exception}"
            );
        else
            log.WriteTo.Sink(new StandardOutputSink(new RenderedCompactJsonFormatter()));
    }
}
