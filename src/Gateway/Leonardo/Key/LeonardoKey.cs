using System.Net.Http.Headers;

namespace Gateway.Leonardo.Key;

/// <summary>The organisation's key. It leaves this class only as the <c>Authorization</c> header of a request to the upstream.</summary>
/// <remarks>
/// The file may hold two keys on two lines, while one of them drains: the second is used once the first is refused, and until the file changes.
/// No request is sent again for that; whoever sent the one that was refused is told so.
/// </remarks>
internal sealed class LeonardoKey(LeonardoOptions options, TimeProvider time)
{
    private const int MaxKeys = 2;

    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Held _held = options.ApiKey is null ? Held.None : new Held([new Entry(options.ApiKey)], long.MaxValue);

    /// <summary>The last four characters, for an operator to tell keys apart; null when there is no key, or it is too short to show any of it.</summary>
    public string? Tail => Current()?.Tail;

    /// <summary>Those that may be used, the preferred one first.</summary>
    public IReadOnlyList<Entry> Entries => InForce();

    /// <summary>Attaches the key in force now. A call under way keeps the one it began with, so a rotated file loses no request.</summary>
    /// <returns>The key that was attached: <see cref="UpstreamStatus"/> is told of it whether it was accepted.</returns>
    /// <exception cref="InvalidOperationException">There is no key: the simulator's has not been set.</exception>
    public Entry Attach(HttpRequestMessage request)
    {
        var entry = Current() ?? throw new InvalidOperationException("no key");
        request.Headers.Authorization = entry.Authorization;
        return entry;
    }

    /// <summary>For the bundled simulator, whose key is drawn when it starts.</summary>
    public void UseSimulators(string key) => Volatile.Write(ref _held, new Held([new Entry(key)], long.MaxValue));

    public static bool IsWellFormed(string key) => key.Length is > 0 and <= 512 && key.All(c => c is > ' ' and <= '~');

    /// <summary>The one key in a file; null where it is not readable or holds anything else.</summary>
    public static string? ReadFile(string path) => ReadKeys(path) is [var key] ? key : null;

    /// <summary>One key, or two on two lines; null where the file is not readable or holds anything else.</summary>
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

    private Entry? Current() =>
        InForce() switch
        {
            [] => null,
            [{ IsRefused: true }, { IsRefused: false } second] => second,
            [var first, ..] => first,
        };

    private IReadOnlyList<Entry> InForce()
    {
        var held = Volatile.Read(ref _held);
        if (options.ApiKeyFile is null || time.GetTimestamp() < held.Until)
            return held.Entries;
        lock (_lock)
        {
            var until = time.GetTimestamp() + (long)(ReadAgainAfter.TotalSeconds * time.TimestampFrequency);
            // A file that is being replaced may be missing or empty for a moment: the last good keys stay, with what is known of them.
            _held =
                ReadKeys(options.ApiKeyFile) is { } keys
                && !keys.SequenceEqual(_held.Entries.Select(entry => entry.Text), StringComparer.Ordinal)
                    ? new Held([.. keys.Select(key => new Entry(key))], until)
                    : _held with
                    {
                        Until = until,
                    };
            return _held.Entries;
        }
    }

    /// <summary>One key, and whether the upstream refuses it.</summary>
    public sealed class Entry(string text)
    {
        private int _refused;

        internal string Text { get; } = text;

        internal AuthenticationHeaderValue Authorization { get; } = new("Bearer", text);

        public string? Tail => Text is { Length: >= 12 } ? Text[^4..] : null;

        public bool IsRefused => Volatile.Read(ref _refused) == 1;

        /// <returns>Whether that is news.</returns>
        public bool Refuse() => Interlocked.Exchange(ref _refused, 1) == 0;

        /// <returns>Whether that is news.</returns>
        public bool Accept() => IsRefused && Interlocked.Exchange(ref _refused, 0) == 1;
    }

    private sealed record Held(IReadOnlyList<Entry> Entries, long Until)
    {
        public static readonly Held None = new([], long.MinValue);
    }
}
