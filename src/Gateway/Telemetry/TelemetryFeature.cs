using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Logging;
using Gateway.Generations;
using Gateway.Images;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Results;
using Gateway.Telemetry.Alerts;

namespace Gateway.Telemetry;

/// <summary>Metrics, quota alerts and traces.</summary>
internal static class TelemetryFeature
{
    public static void AddTelemetry(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(AlertOptions.Read(settings));
        services.AddSingleton<AlertWebhook>();
        services.AddHostedService(provider => provider.GetRequiredService<AlertWebhook>());
        services.AddHostedService<QuotaAlerts>();
        TraceExport.Add(services, settings);
        services.AddSingleton(CreateMetrics);
        services.AddSingleton<GaugeCollector>();
        services.AddSingleton<MetricsText>();
        services.AddAlerts();
    }

    /// <summary>Must come before every middleware that can answer.</summary>
    public static void UseTelemetry(this IApplicationBuilder app)
    {
        // Created before the ledger starts, so that the cleanup at its start is counted too.
        _ = app.ApplicationServices.GetRequiredService<GatewayMetrics>();
        app.UseMiddleware<RequestMetrics>();
    }

    public static void MapTelemetry(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/metrics", GetMetricsAsync)
            .WithMetadata(new AllowAnonymousTenant(), new QuietLogMetadata())
            .ExcludeFromDescription();
        routes.MapAlerts();
    }

    private static async Task GetMetricsAsync(HttpContext context, MetricsText metrics)
    {
        var text = await metrics.GetAsync(context.RequestAborted);
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = text.Length;
        await context.Response.Body.WriteAsync(text, context.RequestAborted);
    }

    private static GatewayMetrics CreateMetrics(IServiceProvider provider)
    {
        var metrics = new GatewayMetrics();
        var recent = provider.GetRequiredService<RecentCounts>();
        provider
            .GetRequiredService<QuotaLedger>()
            .OnCommitted(
                (batch, duration) =>
                {
                    metrics.Count(batch, duration);
                    recent.CountCommit(batch, duration);
                }
            );
        provider.GetRequiredService<CreateGeneration>().Twins = tenant => metrics.Twins.WithLabels(tenant.Id).Inc();
        var upstream = provider.GetRequiredService<UpstreamStatus>();
        upstream.Recorded = (outcome, duration) =>
        {
            metrics.UpstreamSeconds.WithLabels(outcome).Observe(duration.TotalSeconds);
            recent.CountRequest(outcome, duration);
        };
        upstream.CallRecorded = (operation, outcome, duration) =>
        {
            metrics.UpstreamCallSeconds.WithLabels(operation, outcome).Observe(duration.TotalSeconds);
            recent.CountCall(outcome);
        };
        provider.GetRequiredService<Watcher>().Ended = (status, age) =>
            metrics.GenerationSeconds.WithLabels(status == GenerationStatus.Complete ? "complete" : "failed").Observe(age.TotalSeconds);
        provider.GetRequiredService<ImageSender>().Interrupted = () => metrics.ImagesInterrupted.Inc();
        return metrics;
    }
}
