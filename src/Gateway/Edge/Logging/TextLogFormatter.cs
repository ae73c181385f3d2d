using System.Globalization;
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
    private const string RequestLogger = "Serilog.AspNetCore.RequestLoggingMiddleware";
    private const decimal MicrosPerDollar = 1_000_000;

    private readonly MessageTemplateTextFormatter _message = new("{Message:lj}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write(logEvent.Timestamp.ToString("HH:mm:ss ", CultureInfo.InvariantCulture));
        output.Write(Label(logEvent.Level));
        output.Write(' ');
        using var message = new StringWriter(CultureInfo.InvariantCulture);
        if (Value(logEvent, "SourceContext") is RequestLogger)
            WriteRequest(logEvent, message);
        else
            _message.Format(logEvent, message);
        WriteLine(message.ToString(), output);
        if (logEvent.Exception is not { } exception)
            return;
        foreach (var line in exception.ToString().Split('\n'))
        {
            output.Write("    ");
            WriteLine(line.TrimEnd('\r'), output);
        }
    }

    /// <summary>Tenant, method, path, status, duration, images, price.</summary>
    private static void WriteRequest(LogEvent request, StringWriter line)
    {
        line.Write($"{Value(request, "Tenant") ?? "-"} {Value(request, "Method")} {Value(request, "Path")} {Value(request, "StatusCode")}");
        if (Value(request, "Problem") is { } problem)
            line.Write($" {problem}");
        line.Write(string.Create(CultureInfo.InvariantCulture, $" in {Value(request, "Elapsed"):0} ms"));
        if (Value(request, "Images") is { } images)
            line.Write(images is 1 ? ", 1 image" : $", {images} images");
        // What it cost; of a request that was not refused, what it would cost.
        var price = Value(request, "CostMicros") ?? (Value(request, "StatusCode") is < 400 ? Value(request, "PriceMicros") : null);
        if (price is long micros)
            line.Write(string.Create(CultureInfo.InvariantCulture, $", ${micros / MicrosPerDollar:0.00####}"));
        // The problem's traceId leads here.
        if (request.Level >= LogEventLevel.Error && request.TraceId is { } trace)
            line.Write($", trace {trace}");
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

    private static object? Value(LogEvent logEvent, string name) =>
        logEvent.Properties.TryGetValue(name, out var value) && value is ScalarValue scalar ? scalar.Value : null;

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
