using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Harness;

/// <summary>What no answer of one gateway may hold: the key, the account, and where the upstream is. Found by the gateway's port, by whoever talks to it.</summary>
internal sealed partial class Secrets
{
    private static readonly ConcurrentDictionary<int, Secrets> Known = new();

    private readonly ConcurrentBag<string> _leaks = [];
    private readonly int[] _ports;
    private readonly string[] _words;

    /// <param name="ports">The gateway's own.</param>
    /// <param name="words">Of its upstream.</param>
    public Secrets(IEnumerable<int> ports, params IEnumerable<string> words)
    {
        (_ports, _words) = ([.. ports], [.. words]);
        foreach (var port in _ports)
            Known[port] = this;
    }

    /// <returns>Null: no gateway is there.</returns>
    public static Secrets? Of(int port) => Known.GetValueOrDefault(port);

    /// <summary>One word a line.</summary>
    public override string ToString() => string.Join('\n', _words);

    /// <param name="from">Which answer it is from.</param>
    public void Look(string from, string text)
    {
        foreach (var word in _words.Where(word => text.Contains(word, StringComparison.OrdinalIgnoreCase)))
            _leaks.Add($"{from}: {word}");
        // As the upstream itself writes its addresses, whichever account and storage they name.
        foreach (Match address in UpstreamAddress().Matches(text))
            _leaks.Add($"{from}: {address.Value}");
    }

    /// <summary>In whatever test, whatever it was about.</summary>
    public void NoneWasTold()
    {
        foreach (var port in _ports)
            Known.TryRemove(new(port, this));
        _leaks.ShouldBeEmpty();
    }

    [GeneratedRegex(
        @"users/[0-9a-f]{8}-[0-9a-f-]{27}|\.amazonaws\.com/|X-Amz-|userId: *[0-9a-f]{8}-",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex UpstreamAddress();
}
