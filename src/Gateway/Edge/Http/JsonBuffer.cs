using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Edge.Http;

/// <summary>
/// A JSON writer with its buffer. Each thread keeps one, so that small texts are written without allocating either.
/// </summary>
internal sealed class JsonBuffer : IDisposable
{
    private const int MaxKeptBytes = 64 * 1024;

    /// <summary>Safe because what is written is JSON with nosniff, and never embedded in a page.</summary>
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static JsonBuffer? _kept;

    private readonly ArrayBufferWriter<byte> _bytes = new(4096);

    private JsonBuffer() => Json = new Utf8JsonWriter(_bytes, Options);

    public Utf8JsonWriter Json { get; }

    /// <summary>Valid until it is disposed of.</summary>
    public ReadOnlySpan<byte> Written
    {
        get
        {
            Json.Flush();
            return _bytes.WrittenSpan;
        }
    }

    /// <summary>To be disposed of on the same thread. Within another one it is a new one.</summary>
    public static JsonBuffer Rent()
    {
        var kept = _kept ?? new JsonBuffer();
        _kept = null;
        return kept;
    }

    /// <summary>After the JSON.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Json.Flush();
        _bytes.Write(bytes);
    }

    public void Dispose()
    {
        Json.Reset();
        _bytes.ResetWrittenCount();
        if (_bytes.Capacity <= MaxKeptBytes)
            _kept = this;
    }
}
