using System.Diagnostics;
using System.Globalization;
using System.Text;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace Gateway.Edge.Logging;

/// <summary>
/// The log for people: one short line for each request and each other event. Only an exception takes more, indented.
/// </summary>
/// <remarks>Characters that could begin a line or hide one are escaped, wherever the text came from (T-F1).</remarks>
internal sealed class TextLogFormatter : ITextFormatter
{
    private const decimal MicrosPerDollar = 1_000_000;

    private readonly MessageTemplateTextFormatter _message = new("{Message:lj}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var message = new StringWriter(CultureInfo.InvariantCulture);
        _message.Format(logEvent, message);
        Write(logEvent.Timestamp, logEvent.Level, message.ToString(), logEvent.Exception, output);
    }

    /// <summary>Tenant, method, path, status, duration, images, price.</summary>
    public static void Format(RequestEvent found, CompletedRequest request, TextWriter output)
    {
        var line = new StringBuilder();
        var culture = CultureInfo.InvariantCulture;
        line.Append(culture, $"{found.Tenant ?? "-"} {request.Method} {request.Path} {request.Status}");
        if (request.Problem is not null)
            line.Append(culture, $" {request.Problem}");
        line.Append(culture, $" in {request.Milliseconds:0} ms");
        if (found.Images is { } images)
            line.Append(culture, $", {images} image{(images == 1 ? "" : "s")}");
        // What it cost; of a request that was not refused, what it would cost.
        if ((found.CostMicros ?? (request.Status < StatusCodes.Status400BadRequest ? found.PriceMicros : null)) is { } micros)
            line.Append(culture, $", ${micros / MicrosPerDollar:0.00####}");
        // The problem's traceId leads here.
        if (request.Level >= LogEventLevel.Error && Activity.Current is { } activity)
            line.Append(culture, $", trace {activity.TraceId}");
        Write(request.At, request.Level, line.ToString(), request.Exception, output);
    }

    private static void Write(DateTimeOffset at, LogEventLevel level, string message, Exception? exception, TextWriter output)
    {
        output.Write(at.ToString("HH:mm:ss ", CultureInfo.InvariantCulture));
        output.Write(Label(level));
        output.Write(' ');
        WriteLine(message, output);
        if (exception is null)
            return;
        foreach (var line in exception.ToString().Split('\n'))
        {
            output.Write("    ");
            WriteLine(line.TrimEnd('\r'), output);
        }
    }

    private static void WriteLine(string text, TextWriter output)
    {
        foreach (var c in text)
        {
            if (IsPlain(c))
                output.Write(c);
            else
                output.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"));
        }
        output.WriteLine();
    }

    private static bool IsPlain(char c) =>
        CharUnicodeInfo.GetUnicodeCategory(c)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
            );

    private static string Label(LogEventLevel level) =>
        level switch
        {
            LogEventLevel.Verbose => "VRB",
            LogEventLevel.Debug => "DBG",
            LogEventLevel.Information => "INF",
            LogEventLevel.Warning => "WRN",
            LogEventLevel.Error => "ERR",
            _ => "FTL",
        };
}
