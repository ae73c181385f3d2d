using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Outgoing;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Telemetry;

/// <summary>
/// Exports traces over OTLP if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. OpenTelemetry's other environment
/// variables apply too.
/// </summary>
internal static class TraceExport
{
    private const string UploadSegment = "/upload/";

    public static void Add(IServiceCollection services, Settings settings)
    {
        const string Name = "OTEL_EXPORTER_OTLP_ENDPOINT";
        if (settings.GetString(Name) is not { } endpoint)
            return;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            settings.AddError(Name, "must be an http or https address");
            return;
        }
        services
            .AddOptions<OtlpExporterOptions>()
            .Configure<OutgoingConnections>(
                (exporter, outgoing) =>
                    exporter.HttpClientFactory = () =>
                        new HttpClient(outgoing.CreateTransport()) { Timeout = TimeSpan.FromMilliseconds(exporter.TimeoutMilliseconds) }
            );
        services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("leonardo-gateway", serviceVersion: GatewayMetrics.Version))
            .WithTracing(tracing =>
                tracing
                    .AddSource(Tracing.Name)
                    // Monitoring polls these routes all the time.
                    .AddAspNetCoreInstrumentation(options =>
                    {
                        options.Filter = context => context.Request.Path.Value is not ("/metrics" or "/health/live" or "/health/ready");
                        options.EnrichWithHttpRequest = (activity, request) =>
                            activity.SetTag("url.path", WithoutToken(request.Path.Value));
                    })
                    .AddOtlpExporter()
            );
    }

    /// <summary>The end of an upload address is its secret (T-K17).</summary>
    private static string? WithoutToken(string? path) =>
        path?.IndexOf(UploadSegment, StringComparison.OrdinalIgnoreCase) is { } at and >= 0
            ? path[..(at + UploadSegment.Length)] + "…"
            : path;
}
