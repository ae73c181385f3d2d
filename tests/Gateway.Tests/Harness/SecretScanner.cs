using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Harness;

/// <summary>
/// Finds what no response of one gateway may hold: the key, the account and the upstream's address.
/// A client looks the scanner up by the gateway's port.
/// </summary>
internal sealed partial class SecretScanner
{
    private static readonly ConcurrentDictionary<int, SecretScanner> Known = new();

    private readonly ConcurrentBag<string> _leaks = [];
    private readonly int[] _ports;
    private readonly string[] _words;

    /// <param name="ports">Those on which the gateway listens.</param>
    /// <param name="words">The secrets.</param>
    public SecretScanner(IEnumerable<int> ports, params IEnumerable<string> words)
    {
        (_ports, _words) = ([.. ports], [.. words]);
        foreach (var port in _ports)
            Known[port] = this;
    }

    /// <returns>Null if no gateway under test has this port.</returns>
    public static SecretScanner? ForPort(int port) => Known.GetValueOrDefault(port);

    /// <summary>The secrets, one per line.</summary>
    public override string ToString() => string.Join('\n', _words);

    /// <param name="from">Names the response in a failure.</param>
    public void Scan(string from, string text)
    {
        foreach (var word in _words.Where(word => text.Contains(word, StringComparison.OrdinalIgnoreCase)))
            _leaks.Add($"{from}: {word}");
        // Addresses in the form that Leonardo uses, for any account and any storage.
        foreach (Match address in UpstreamAddress().Matches(text))
            _leaks.Add($"{from}: {address.Value}");
    }

    /// <summary>Called when the gateway is disposed, so that every test is also a test for leaks.</summary>
    public void ShouldHaveFoundNothing()
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
