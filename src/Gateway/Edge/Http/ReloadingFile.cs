namespace Gateway.Edge.Http;

/// <summary>
/// A file whose content is read again when it changes; the last good content stays in force while it is bad or missing.
/// </summary>
/// <remarks>
/// The content is compared, because notifications of the file system are not enough: a Kubernetes mount replaces a
/// directory behind two symbolic links, an editor renames a new file over the old one, and a network mount sends none.
/// </remarks>
internal sealed class ReloadingFile<T>
    where T : class
{
    /// <summary>The longest time for which a change goes unnoticed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly Func<ReadOnlyMemory<byte>, FileContent<T>> _parse;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private byte[]? _bytes;
    private long _nextRead = long.MinValue;
    private volatile Loaded? _loaded;

    /// <param name="parse">Called under a lock, once for each content.</param>
    public ReloadingFile(string path, Func<ReadOnlyMemory<byte>, FileContent<T>> parse, TimeProvider time)
    {
        _path = path;
        _parse = parse;
        _time = time;
    }

    /// <summary>When the last good content was read; null: it never was good.</summary>
    public DateTimeOffset? LoadedAt => _loaded?.At;

    /// <summary>
    /// The last good content, after a look at the file if the last look is a second ago; null: it never was good.
    /// </summary>
    public T? GetCurrent(Action<FileContent<T>>? onRead = null)
    {
        if (_time.GetTimestamp() < Volatile.Read(ref _nextRead))
            return _loaded?.Value;
        lock (_lock)
        {
            if (_time.GetTimestamp() >= _nextRead && Read() is { } content)
                onRead?.Invoke(content);
        }
        return _loaded?.Value;
    }

    /// <summary>Looks at the file now.</summary>
    /// <returns>Null if it has not changed since the last look. A file that cannot be read is returned every
    /// time.</returns>
    public FileContent<T>? Read()
    {
        lock (_lock)
        {
            Volatile.Write(ref _nextRead, _time.GetTimestamp() + (long)(Interval.TotalSeconds * _time.TimestampFrequency));
            byte[] bytes;
            try
            {
                bytes = File.ReadAllBytes(_path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _bytes = null;
                return e is FileNotFoundException or DirectoryNotFoundException
                    ? FileContent<T>.Missing
                    : FileContent<T>.Bad($"the file cannot be read ({e.GetType().Name})");
            }
            if (_bytes is not null && bytes.AsSpan().SequenceEqual(_bytes))
                return null;
            var content = _parse(bytes);
            _bytes = bytes;
            if (content.Value is not null)
                _loaded = new Loaded(content.Value, _time.GetUtcNow());
            return content;
        }
    }

    private sealed record Loaded(T Value, DateTimeOffset At);
}

/// <param name="Value">Null if the content is bad.</param>
/// <param name="Errors">What is wrong with it; never a part of a secret.</param>
internal sealed record FileContent<T>(T? Value, IReadOnlyList<string> Errors)
    where T : class
{
    public static readonly FileContent<T> Missing = Bad("the file is missing");

    public static FileContent<T> Good(T value) => new(value, []);

    public static FileContent<T> Bad(params IReadOnlyList<string> errors) => new(null, errors);
}
