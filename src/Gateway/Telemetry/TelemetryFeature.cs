using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Leonardo;

namespace Gateway.Telemetry;

/// <summary>What the gateway tells of itself to machines: metrics, quota alerts, traces.</summary>
internal static class TelemetryFeature
{
    public static void AddTelemetry(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(AlertOptions.Read(settings));
        services.AddHostedService<QuotaAlerts>();
        TraceExport.Add(services, settings);
        services.AddSingleton(provider => Listen(provider));
        services.AddSingleton<GaugeCollector>();
    }

    /// <summary>Before everything that may answer.</summary>
    public static void UseTelemetry(this IApplicationBuilder app)
    {
        // Made before the ledger starts: what it clears up first is counted too.
        _ = app.ApplicationServices.GetRequiredService<GatewayMetrics>();
        app.UseMiddleware<RequestMetrics>();
    }

    public static void MapTelemetry(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", GetMetrics).WithMetadata(new AllowAnonymousTenant(), new QuietLogMetadata()).ExcludeFromDescription();

    private static async Task GetMetrics(HttpContext context, GatewayMetrics metrics, GaugeCollector figures)
    {
        await figures.RefreshAsync(context.RequestAborted);
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await metrics.Registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }

    private static GatewayMetrics Listen(IServiceProvider provider)
    {
        var metrics = new GatewayMetrics();
        provider.GetRequiredService<QuotaLedger>().OnCommitted(metrics.Count);
        var upstream = provider.GetRequiredService<UpstreamStatus>();
        upstream.Recorded = (outcome, took) => metrics.UpstreamSeconds.WithLabels(outcome).Observe(took.TotalSeconds);
        upstream.CallRecorded = (operation, outcome, took) =>
            metrics.UpstreamCallSeconds.WithLabels(operation, outcome).Observe(took.TotalSeconds);
        return metrics;
    }
}
