using System.Net.Http.Headers;
using System.Text;
using Gateway.Edge.Http;

namespace Gateway.Leonardo.Key;

/// <summary>
/// The organisation's key. It leaves this class only as the <c>Authorization</c> header of a request to the upstream
/// (T-C1).
/// </summary>
/// <remarks>
/// During a rotation the file may hold two keys on two lines: once the upstream refuses the first, the second is used
/// until the file changes. The refused request itself is not sent again; its caller gets the refusal (T-C12).
/// </remarks>
internal sealed class LeonardoKey
{
    private const int MaxKeys = 2;

    private readonly ReloadingFile<IReadOnlyList<Entry>>? _file;

    /// <summary>Those last read from the file, or the one that was configured.</summary>
    private volatile IReadOnlyList<Entry> _entries;

    public LeonardoKey(KeyOptions options, TimeProvider time)
    {
        _entries = options.Key is null ? [] : [new Entry(options.Key)];
        if (options.File is not null)
            _file = new ReloadingFile<IReadOnlyList<Entry>>(options.File, ParseEntries, time);
    }

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
    public void UseSimulator(string key) => _entries = [new Entry(key)];

    public static bool IsWellFormed(string key) => key.Length is > 0 and <= 512 && key.All(c => c is > ' ' and <= '~');

    /// <returns>The one key in the file; null: not readable, or anything else in it.</returns>
    public static string? ReadFile(string path) => ReadKeys(path) is [var key] ? key : null;

    /// <returns>One key, or two on two lines; null: not readable, or anything else in it.</returns>
    public static IReadOnlyList<string>? ReadKeys(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path));
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

    private IReadOnlyList<Entry> GetEntries() => _file?.GetCurrent() ?? _entries;

    /// <returns>One key, or two on two lines; null: anything else.</returns>
    public static IReadOnlyList<string>? Parse(ReadOnlyMemory<byte> content)
    {
        var keys = Encoding
            .UTF8.GetString(content.Span)
            .TrimStart('\uFEFF')
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return keys.Length is > 0 and <= MaxKeys && keys.All(IsWellFormed) ? keys : null;
    }

    /// <summary>Unchanged keys keep what is known of them, for example after a change of white space.</summary>
    private FileContent<IReadOnlyList<Entry>> ParseEntries(ReadOnlyMemory<byte> content)
    {
        if (Parse(content) is not { } keys)
            return FileContent<IReadOnlyList<Entry>>.Bad("must hold one key, or two on two lines");
        if (!keys.SequenceEqual(_entries.Select(entry => entry.Text), StringComparer.Ordinal))
            _entries = [.. keys.Select(key => new Entry(key))];
        return FileContent<IReadOnlyList<Entry>>.Good(_entries);
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
}
