using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Gateway.Tests.Harness;

/// <summary>
/// Keeps everything that was logged, as text. Warnings and errors also go to the output of the test that caused them.
/// </summary>
internal sealed class TestLog : ILogEventSink
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Level, message and properties of each event.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Where the gateway writes what it logs of each request.</summary>
    public Stream Output => new LineStream(_lines);

    /// <summary>For a class that is tested without a host.</summary>
    public static ILogger<T> CreateLogger<T>() =>
        new SerilogLoggerFactory(
            new LoggerConfiguration().MinimumLevel.Warning().WriteTo.Sink(new TestLog()).CreateLogger()
        ).CreateLogger<T>();

    public void Emit(LogEvent logEvent)
    {
        var properties = string.Join(' ', logEvent.Properties.Select(property => $"{property.Key}={property.Value}"));
        var line = $"{logEvent.Level}: {logEvent.RenderMessage(CultureInfo.InvariantCulture)} {properties}";
        _lines.Enqueue(line);
        if (logEvent.Level >= LogEventLevel.Warning)
            TestContext.Current.TestOutputHelper?.WriteLine($"{line} {logEvent.Exception}");
    }

    /// <summary>Each write is a line.</summary>
    private sealed class LineStream(ConcurrentQueue<string> lines) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => lines.Enqueue(Encoding.UTF8.GetString(buffer).TrimEnd('\n'));
    }
}
