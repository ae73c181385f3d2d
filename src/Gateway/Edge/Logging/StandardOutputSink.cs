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
/// <param name="formatter">Of Serilog's events.</param>
/// <param name="stream">Null: standard output.</param>
internal sealed class StandardOutputSink(ITextFormatter formatter, Stream? stream = null) : ILogEventSink
{
    [ThreadStatic]
    private static StringWriter? _text;

    private readonly Stream _output = stream ?? Console.OpenStandardOutput();
    private readonly Lock _lock = new();
    private ArrayBufferWriter<byte>? _held;
    private bool _isDiscarded;

    public void Emit(LogEvent logEvent) => Write(text => formatter.Format(logEvent, text));

    /// <summary>Writes one event.</summary>
    public void Write(Action<TextWriter> format)
    {
        var text = _text ??= new StringWriter(new StringBuilder(1024), CultureInfo.InvariantCulture);
        var line = text.GetStringBuilder();
        line.Clear();
        format(text);

        var chars = ArrayPool<char>.Shared.Rent(line.Length);
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(line.Length));
        line.CopyTo(0, chars, line.Length);
        var length = Encoding.UTF8.GetBytes(chars.AsSpan(0, line.Length), bytes);
        Write(bytes.AsSpan(0, length));
        ArrayPool<char>.Shared.Return(chars);
        ArrayPool<byte>.Shared.Return(bytes);
    }

    /// <summary>Writes one event.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
            WriteLocked(bytes);
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
            WriteLocked(held is null ? [] : held.WrittenSpan);
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

    private void WriteLocked(ReadOnlySpan<byte> bytes)
    {
        if (_isDiscarded)
            return;
        if (_held is { } held)
        {
            held.Write(bytes);
            return;
        }
        try
        {
            _output.Write(bytes);
        }
        catch (IOException)
        {
            // A full disk behind standard output must not break the answer to a paid request.
        }
    }
}
