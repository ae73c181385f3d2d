using System.Buffers;

namespace Gateway.SignIn;

/// <summary>
/// Where the browser goes after a sign-in: a path of the gateway, in a spelling that no browser or proxy can take for
/// another host's address (T-K20).
/// </summary>
internal static class ReturnPath
{
    /// <summary>It travels in the address to the issuer and back, together with much else.</summary>
    private const int MaxLength = 500;

    /// <summary>Those that an address may have (RFC 3986), without the backslash.</summary>
    private static readonly SearchValues<char> Characters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%"
    );

    /// <summary>What a proxy may decode into a slash, a backslash, or another percent sign.</summary>
    private static readonly string[] Escapes = ["%2f", "%5c", "%25"];

    /// <param name="text">After the query was decoded.</param>
    /// <param name="prefix">Of the gateway's public address.</param>
    /// <returns>With the prefix; null: it is not such a path.</returns>
    public static string? Parse(string text, string prefix)
    {
        if (text.Length is 0 or > MaxLength || text[0] != '/' || text.AsSpan().ContainsAnyExcept(Characters))
            return null;
        var end = text.AsSpan().IndexOfAny('?', '#');
        var path = end < 0 ? text : text[..end];
        if (
            path.Contains("//", StringComparison.Ordinal)
            || Escapes.Any(escape => path.Contains(escape, StringComparison.OrdinalIgnoreCase))
        )
            return null;
        if (path.Split('/').Any(segment => segment is "." or ".." || segment.Contains("%2e", StringComparison.OrdinalIgnoreCase)))
            return null;
        var isBelow = prefix.Length > 0 && (path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal));
        // It would begin again.
        return (isBelow ? path[prefix.Length..] : path).TrimEnd('/') is SignInEndpoints.Path or OidcSignIn.CallbackPath ? null
            : isBelow ? text
            : prefix + text;
    }
}
