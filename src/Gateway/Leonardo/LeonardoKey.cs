using System.Net.Http.Headers;

namespace Gateway.Leonardo;

/// <summary>The organisation's key. It leaves this class only as the <c>Authorization</c> header of a request to the upstream.</summary>
internal sealed class LeonardoKey(LeonardoOptions options, TimeProvider time)
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Held? _held;

    /// <summary>The last four characters, for an operator to tell keys apart; null when there is no key, or it is too short to show any of it.</summary>
    public string? Tail => Current() is { Length: >= 12 } key ? key[^4..] : null;

    /// <summary>Attaches the key in force now. A call under way keeps the one it began with, so a rotated file loses no request.</summary>
    /// <exception cref="InvalidOperationException">There is no key: the simulator's has not been set.</exception>
    public void Attach(HttpRequestMessage request) =>
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Current() ?? throw new InvalidOperationException("no key"));

    /// <summary>For the bundled simulator, whose key is drawn when it starts.</summary>
    public void UseSimulators(string key) => Volatile.Write(ref _held, new Held(key, long.MaxValue));

    public static bool IsWellFormed(string key) => key.Length is > 0 and <= 512 && key.All(c => c is > ' ' and <= '~');

    public static string? ReadFile(string path)
    {
        try
        {
            var key = File.ReadAllText(path).Trim();
            return IsWellFormed(key) ? key : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string? Current()
    {
        if (options.ApiKeyFile is null)
            return Volatile.Read(ref _held)?.Key ?? options.ApiKey;
        var held = Volatile.Read(ref _held);
        if (held is not null && time.GetTimestamp() < held.Until)
            return held.Key;
        lock (_lock)
        {
            // A file that is being replaced may be missing or empty for a moment: the last good key stays.
            var key = ReadFile(options.ApiKeyFile) ?? _held?.Key;
            if (key is not null)
                _held = new Held(key, time.GetTimestamp() + (long)(ReadAgainAfter.TotalSeconds * time.TimestampFrequency));
            return key;
        }
    }

    private sealed record Held(string Key, long Until);
}
