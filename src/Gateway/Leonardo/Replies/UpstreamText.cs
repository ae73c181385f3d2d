using System.Buffers;
using System.Text.RegularExpressions;

namespace Gateway.Leonardo.Replies;

/// <summary>Free text of the upstream that a tenant may read (T-K14).</summary>
internal static partial class UpstreamText
{
    private const int LongestWord = 16;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");

    /// <summary>
    /// Without words that may be a key, an account id or an address: what the upstream echoes by mistake must not reach
    /// a tenant.
    /// </summary>
    public static string Scrub(string text)
    {
        foreach (var word in Word().EnumerateMatches(text))
        {
            if (IsSuspect(text.AsSpan(word.Index, word.Length)))
                return Word().Replace(text, word => IsSuspect(word.ValueSpan) ? "[removed]" : word.Value);
        }
        return text;
    }

    /// <summary>An address, or letters and digits that are no word of a language.</summary>
    private static bool IsSuspect(ReadOnlySpan<char> word)
    {
        if (word.Contains('/') && (word.Contains("://", StringComparison.Ordinal) || HostAndPath().IsMatch(word)))
            return true;
        if (word.Length < LongestWord)
            return false;
        foreach (var run in Run().EnumerateMatches(word))
        {
            if (run.Length >= LongestWord && word.Slice(run.Index, run.Length).ContainsAny(Digits))
                return true;
        }
        return false;
    }

    [GeneratedRegex(@"\S+", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"[A-Za-z0-9-]+\.[A-Za-z0-9-]+(?::[0-9]+)?/", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex HostAndPath();

    /// <summary>A UUID is one run.</summary>
    [GeneratedRegex("[A-Za-z0-9_-]+", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex Run();
}
