using System.Net.Http.Headers;

namespace Gateway.Leonardo.Key;

/// <summary>
/// The organisation's key. It leaves this class only as the <c>Authorization</c> header of a request to the upstream
/// (T-C1).
/// </summary>
/// <remarks>
/// During a rotation the file may hold two keys on two lines: once the upstream refuses the first, the second is used
/// until the file changes. The refused request itself is not sent again; its caller gets the refusal (T-C12).
/// </remarks>
internal sealed class LeonardoKey(LeonardoOptions options, TimeProvider time)
{
    private const int MaxKeys = 2;

    private static readonly TimeSpan ReloadInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private KeySet _keys = options.ApiKey is null ? KeySet.None : new KeySet([new Entry(options.ApiKey)], long.MaxValue);

    /// <summary>
    /// The last four characters of the key in use, so that an operator can tell keys apart; null: there is no key, or
    /// it is too short to show any of it.
    /// </summary>
    public string? Tail => GetCurrent()?.Tail;

    /// <summary>The configured keys, the preferred one first.</summary>
    public IReadOnlyList<Entry> Entries => GetEntries();

    /// <summary>
    /// Attaches the current key. A request in flight keeps its key, so rotating the file loses no request.
    /// </summary>
    /// <returns>The attached key, for <see cref="UpstreamStatus"/> to note whether the upstream accepts it.</returns>
    /// <exception cref="InvalidOperationException">There is no key: the simulator has not started yet.</exception>
    public Entry Attach(HttpRequestMessage request)
    {
        var entry = GetCurrent() ?? throw new InvalidOperationException("There is no key.");
        request.Headers.Authorization = entry.Authorization;
        return entry;
    }

    /// <summary>For the bundled simulator, which draws its key when it starts.</summary>
    public void UseSimulator(string key) => Volatile.Write(ref _keys, new KeySet([new Entry(key)], long.MaxValue));

    public static bool IsWellFormed(string key) => key.Length is > 0 and <= 512 && key.All(c => c is > ' ' and <= '~');

    /// <returns>The one key in the file; null: not readable, or anything else in it.</returns>
    public static string? ReadFile(string path) => ReadKeys(path) is [var key] ? key : null;

    /// <returns>One key, or two on two lines; null: not readable, or anything else in it.</returns>
    public static IReadOnlyList<string>? ReadKeys(string path)
    {
        try
        {
            var keys = File.ReadAllText(path).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return keys.Length is > 0 and <= MaxKeys && keys.All(IsWellFormed) ? keys : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private Entry? GetCurrent() =>
        GetEntries() switch
        {
            [] => null,
            [{ IsRefused: true }, { IsRefused: false } second] => second,
            [var first, ..] => first,
        };

    private IReadOnlyList<Entry> GetEntries()
    {
        var current = Volatile.Read(ref _keys);
        if (options.ApiKeyFile is null || time.GetTimestamp() < current.Until)
            return current.Entries;
        lock (_lock)
        {
            var until = time.GetTimestamp() + (long)(ReloadInterval.TotalSeconds * time.TimestampFrequency);
            // A file that is being replaced may be missing or empty for a moment: the last good keys stay in use.
            _keys =
                ReadKeys(options.ApiKeyFile) is { } keys
                && !keys.SequenceEqual(_keys.Entries.Select(entry => entry.Text), StringComparer.Ordinal)
                    ? new KeySet([.. keys.Select(key => new Entry(key))], until)
                    : _keys with
                    {
                        Until = until,
                    };
            return _keys.Entries;
        }
    }

    /// <summary>A key, and whether the upstream refuses it.</summary>
    public sealed class Entry(string text)
    {
        private int _refused;

        internal string Text { get; } = text;

        internal AuthenticationHeaderValue Authorization { get; } = new("Bearer", text);

        public string? Tail => Text is { Length: >= 12 } ? Text[^4..] : null;

        public bool IsRefused => Volatile.Read(ref _refused) == 1;

        /// <returns>Whether the state changed.</returns>
        public bool Refuse() => Interlocked.Exchange(ref _refused, 1) == 0;

        /// <returns>Whether the state changed.</returns>
        public bool Accept() => IsRefused && Interlocked.Exchange(ref _refused, 0) == 1;
    }

    private sealed record KeySet(IReadOnlyList<Entry> Entries, long Until)
    {
        public static readonly KeySet None = new([], long.MinValue);
    }
}
