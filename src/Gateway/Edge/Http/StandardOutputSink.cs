using System.Buffers;
using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Gateway.Edge.Http;

/// <summary>The log on standard output, each event in one write. The console's own writer makes one for every 256 bytes, and lets others in between.</summary>
internal sealed class StandardOutputSink(ITextFormatter formatter) : ILogEventSink
{
    [ThreadStatic]
    private static StringWriter? _text;

    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Lock _lock = new();

    public void Emit(LogEvent logEvent)
    {
        var text = _text ??= new StringWriter(new StringBuilder(1024), CultureInfo.InvariantCulture);
        var line = text.GetStringBuilder();
        line.Clear();
        formatter.Format(logEvent, text);

        var chars = ArrayPool<char>.Shared.Rent(line.Length);
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(line.Length));
        line.CopyTo(0, chars, line.Length);
        var length = Encoding.UTF8.GetBytes(chars.AsSpan(0, line.Length), bytes);
        lock (_lock)
            _output.Write(bytes.AsSpan(0, length));
        ArrayPool<char>.Shared.Return(chars);
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
