using System.Buffers;
using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Gateway.Edge.Logging;

/// <summary>
/// The log on standard output, each event in one write. The console's own writer splits events, and other threads write
/// in between.
/// </summary>
internal sealed class StandardOutputSink(ITextFormatter formatter) : ILogEventSink
{
    [ThreadStatic]
    private static StringWriter? _text;

    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Lock _lock = new();
    private ArrayBufferWriter<byte>? _held;
    private bool _isDiscarded;

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
            Write(bytes.AsSpan(0, length));
        ArrayPool<char>.Shared.Return(chars);
        ArrayPool<byte>.Shared.Return(bytes);
    }

    /// <summary>Keeps events back until it is known whether the start succeeds.</summary>
    public void Hold()
    {
        lock (_lock)
            _held = new ArrayBufferWriter<byte>();
    }

    /// <summary>Writes what was kept back, and everything from now on.</summary>
    public void Release()
    {
        lock (_lock)
        {
            var held = _held;
            _held = null;
            Write(held is null ? [] : held.WrittenSpan);
        }
    }

    /// <summary>
    /// Drops what was kept back and everything from now on: a refused start prints one sentence and nothing else.
    /// </summary>
    public void Discard()
    {
        lock (_lock)
            _isDiscarded = true;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_isDiscarded)
            return;
        if (_held is { } held)
            held.Write(bytes);
        else
            _output.Write(bytes);
    }
}
