using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Logging;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Edge;

/// <summary>
/// <c>/health/live</c> answers while the process runs; <c>/health/ready</c> runs the checks that features register.
/// Neither costs money.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        Map(routes, "/health/live", _ => false);
        Map(routes, "/health/ready", _ => true);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, Func<HealthCheckRegistration, bool> checks) =>
        routes
            .MapHealthChecks(path, new HealthCheckOptions { Predicate = checks, ResponseWriter = WriteAsync })
            .WithMetadata(new AllowAnonymousTenant(), new QuietLogMetadata());

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        // A 503 here is the answer to the question, not a problem: it keeps its body.
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.Body);
        json.WriteStartObject();
        json.WriteString("status", ToLabel(report.Status));
        json.WriteStartObject("checks");
        foreach (var (name, entry) in report.Entries)
        {
            json.WriteStartObject(name);
            json.WriteString("status", ToLabel(entry.Status));
            if (entry.Description is not null)
                json.WriteString("description", entry.Description);
            foreach (var (key, value) in entry.Data)
                json.WriteString(key, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string ToLabel(HealthStatus status) =>
        status switch
        {
            HealthStatus.Healthy => "ok",
            HealthStatus.Degraded => "degraded",
            _ => "unavailable",
        };
}
