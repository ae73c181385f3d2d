using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Gateway.Edge.Logging;

/// <summary>
/// The log, and in it one wide event for each request. Handlers add properties by <see cref="IDiagnosticContext"/>;
/// never a prompt, a header's value, or a key.
/// </summary>
internal static class RequestLog
{
    /// <summary>
    /// Parameters of routes that may be logged. Any other might hold a secret, as the token of an upload address does.
    /// </summary>
    private static readonly string[] LoggedParameters = ["id", "imageId", "reservationId", "name"];

    public static void AddLog(this WebApplicationBuilder builder, Settings settings)
    {
        var level = settings.Choice("Logging:Level", LogEventLevel.Information);
        var format = settings.Choice("Logging:Format", builder.Environment.IsDevelopment() ? LogFormat.Text : LogFormat.Json);
        builder.Services.AddSingleton<RefusalLog>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RefusalLog>());
        builder.Services.AddSingleton(_ => new StandardOutputSink(
            format == LogFormat.Text ? new TextLogFormatter() : new RenderedCompactJsonFormatter()
        ));
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

    public static void UseRequestLog(this IApplicationBuilder app) =>
        app.UseSerilogRequestLogging(options =>
        {
            // The default is the static logger, which this program does not set.
            options.Logger = app.ApplicationServices.GetRequiredService<Serilog.ILogger>();
            options.MessageTemplate = "{Method:l} {Route:l} {StatusCode} in {Elapsed:0.0} ms";
            options.GetMessageTemplateProperties = Properties;
            var refusals = app.ApplicationServices.GetRequiredService<RefusalLog>();
            options.GetLevel = (context, elapsed, exception) => Level(context, exception, refusals);
        });

    public static string Known(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsPost(method) || HttpMethods.IsDelete(method) || HttpMethods.IsHead(method)
            ? method
            : "(other)";

    /// <summary>Nothing of the path as the caller wrote it: its text must not forge a line (T-F1).</summary>
    private static IEnumerable<LogEventProperty> Properties(HttpContext context, string path, double elapsed, int status)
    {
        var route = context.GetEndpoint() as RouteEndpoint;
        yield return new("Method", new ScalarValue(Known(context.Request.Method)));
        yield return new("Route", new ScalarValue(route?.RoutePattern.RawText ?? "(none)"));
        yield return new("Path", new ScalarValue(route is null ? "(no such route)" : PathOf(route, context.Request.RouteValues)));
        yield return new("StatusCode", new ScalarValue(status));
        yield return new("Elapsed", new ScalarValue(elapsed));
        yield return new("RequestId", new ScalarValue(RequestId.Get(context)));
        if (context.Features.Get<Problem>() is { } problem)
            yield return new("Problem", new ScalarValue(problem.Type.Name));
    }

    /// <returns>The route's pattern with the ids in it that are well formed.</returns>
    private static string PathOf(RouteEndpoint route, RouteValueDictionary values)
    {
        var path = route.RoutePattern.RawText ?? "";
        foreach (var parameter in route.RoutePattern.Parameters)
        {
            if (LoggedParameters.Contains(parameter.Name) && values[parameter.Name] is string value && IsWellFormed(value))
                path = path.Replace($"{{{parameter.Name}}}", value, StringComparison.Ordinal);
        }
        return path;
    }

    private static bool IsWellFormed(string id) => id.Length is > 0 and <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-');

    private static LogEventLevel Level(HttpContext context, Exception? exception, RefusalLog refusals)
    {
        if (exception is not null || context.Response.StatusCode == StatusCodes.Status500InternalServerError)
            return LogEventLevel.Error;
        if (refusals.IsOnlyCounted(context))
            return LogEventLevel.Debug;
        // Static files and Swagger UI are served without an endpoint.
        var isQuiet = context.GetEndpoint() is { } endpoint
            ? endpoint.Metadata.GetMetadata<QuietLogMetadata>() is not null
            : context.Response.StatusCode < StatusCodes.Status400BadRequest;
        return isQuiet ? LogEventLevel.Debug : LogEventLevel.Information;
    }
}

/// <summary>Marks an endpoint that machines ask all the time: its answers are logged at debug level only.</summary>
internal sealed class QuietLogMetadata;
