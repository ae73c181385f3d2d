using Gateway.Edge;
using Gateway.Edge.Http;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Telemetry;

/// <summary>Traces by OTLP, off unless <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to. The other variables of OpenTelemetry work as they are documented there.</summary>
internal static class TraceExport
{
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
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("leonardo-gateway", serviceVersion: GatewayMetrics.Version))
            .WithTracing(tracing =>
                tracing
                    .AddSource(Tracing.Name)
                    // Machines ask these all the time.
                    .AddAspNetCoreInstrumentation(options =>
                        options.Filter = context => context.Request.Path.Value is not ("/metrics" or "/health/live" or "/health/ready")
                    )
                    .AddOtlpExporter()
            );
    }
}
