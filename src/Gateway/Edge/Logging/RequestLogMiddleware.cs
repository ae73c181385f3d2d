using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Serilog.Events;

namespace Gateway.Edge.Logging;

/// <summary>Logs one wide event for each request, when it has been answered.</summary>
internal sealed class RequestLogMiddleware(
    RequestDelegate next,
    StandardOutputSink output,
    RefusalLog refusals,
    TimeProvider time,
    RequestLogOptions options
)
{
    /// <summary>
    /// Parameters of routes that may be logged. Any other might hold a secret, as the token of an upload address does.
    /// </summary>
    private static readonly string[] LoggedParameters = ["id", "imageId", "reservationId", "name"];

    public async Task InvokeAsync(HttpContext context)
    {
        var found = RequestEvent.Begin();
        var began = time.GetTimestamp();
        try
        {
            await next(context);
        }
        // Written before the stack unwinds, and never caught.
        catch (Exception exception) when (Log(context, found, began, StatusCodes.Status500InternalServerError, exception))
        {
            throw;
        }
        Log(context, found, began, context.Response.StatusCode, null);
    }

    public static string Known(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsPost(method) || HttpMethods.IsDelete(method) || HttpMethods.IsHead(method)
            ? method
            : "(other)";

    /// <summary>Nothing of the path as the caller wrote it: its text must not forge a line (T-F1).</summary>
    /// <returns>False.</returns>
    private bool Log(HttpContext context, RequestEvent found, long began, int status, Exception? exception)
    {
        var severity = Level(context, exception);
        if (severity < options.Level)
            return false;
        var route = context.GetEndpoint() as RouteEndpoint;
        var request = new CompletedRequest(
            time.GetLocalNow(),
            severity,
            Known(context.Request.Method),
            route?.RoutePattern.RawText ?? "(none)",
            route is null ? "(no such route)" : PathOf(route, context.Request.RouteValues),
            status,
            time.GetElapsedTime(began).TotalMilliseconds,
            RequestId.Get(context),
            context.Features.Get<Problem>()?.Type.Name,
            exception
        );
        if (options.Format == LogFormat.Text)
        {
            output.Write(text => TextLogFormatter.Format(found, request, text));
            return false;
        }
        using var line = JsonBuffer.Rent();
        RequestEventJson.Write(found, request, line.Json);
        line.Append("\n"u8);
        output.Write(line.Written);
        return false;
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

    private LogEventLevel Level(HttpContext context, Exception? exception)
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
