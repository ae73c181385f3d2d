using Gateway.Edge.Problems;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Gateway.Edge.Http;

/// <summary>One wide event for each request. Handlers add what they know by <see cref="IDiagnosticContext"/>; never a prompt, a header's value, or a key.</summary>
internal static class RequestLog
{
    public static void UseRequestLog(this IApplicationBuilder app) =>
        app.UseSerilogRequestLogging(options =>
        {
            // Else it writes to the static logger, which the program does not set, and is never seen.
            options.Logger = app.ApplicationServices.GetRequiredService<Serilog.ILogger>();
            options.MessageTemplate = "{Method:l} {Route:l} {StatusCode} in {Elapsed:0.0} ms";
            options.GetMessageTemplateProperties = Properties;
            options.GetLevel = Level;
        });

    /// <summary>The route's pattern, not the path: what a caller wrote can forge no line (threats F1), and an id is told by who knows it to be one.</summary>
    private static IEnumerable<LogEventProperty> Properties(HttpContext context, string path, double elapsed, int status)
    {
        yield return new("Method", new ScalarValue(Known(context.Request.Method)));
        yield return new("Route", new ScalarValue((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(none)"));
        yield return new("StatusCode", new ScalarValue(status));
        yield return new("Elapsed", new ScalarValue(elapsed));
        yield return new("RequestId", new ScalarValue(RequestId.Get(context)));
        if (context.Features.Get<Problem>() is { } problem)
            yield return new("Problem", new ScalarValue(problem.Type.Name));
    }

    private static LogEventLevel Level(HttpContext context, double elapsed, Exception? exception) =>
        exception is not null || context.Response.StatusCode == 500 ? LogEventLevel.Error
        : context.GetEndpoint()?.Metadata.GetMetadata<QuietLogMetadata>() is not null ? LogEventLevel.Debug
        : LogEventLevel.Information;

    public static string Known(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsPost(method) || HttpMethods.IsDelete(method) || HttpMethods.IsHead(method)
            ? method
            : "(other)";
}

/// <summary>Marks an endpoint that is asked all the time by machines: its answers are logged at debug level only.</summary>
internal sealed class QuietLogMetadata;
