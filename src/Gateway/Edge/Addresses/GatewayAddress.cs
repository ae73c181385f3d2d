using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Edge.Addresses;

/// <summary>Where callers reach the gateway, in the parts that a proxy can state one by one.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Host">Without the default port of the scheme, as browsers write it; empty if the caller named none
/// (HTTP/1.0).</param>
/// <param name="Prefix">Empty, or a path that begins with a slash and does not end with one.</param>
internal readonly record struct GatewayAddress(string Scheme, string Host, string Prefix)
{
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"
    );

    private static readonly SearchValues<char> PrefixCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~/-"
    );

    /// <summary>As in the header <c>Origin</c>; empty if the caller named no host.</summary>
    public string Origin => Host.Length == 0 ? "" : $"{Scheme}://{Host}";

    /// <summary>What a path of the gateway is appended to. Without a host it is the prefix alone.</summary>
    public string Root => Origin + Prefix;

    public static GatewayAddress From(string scheme, string host, string prefix) => new(scheme, WithoutDefaultPort(scheme, host), prefix);

    public static bool TryParseScheme(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? scheme)
    {
        scheme =
            text.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase) ? Uri.UriSchemeHttps
            : text.Equals(Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase) ? Uri.UriSchemeHttp
            : null;
        return scheme is not null;
    }

    /// <summary>Exactly one host, which may have a port.</summary>
    public static bool IsHost(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> port;
        if (text.StartsWith("["))
        {
            var end = text.IndexOf(']');
            if (
                end < 0
                || text.Contains('%')
                || !IPAddress.TryParse(text[1..end], out var address)
                || address.AddressFamily != AddressFamily.InterNetworkV6
            )
                return false;
            port = text[(end + 1)..];
        }
        else
        {
            var colon = text.IndexOf(':');
            var name = colon < 0 ? text : text[..colon];
            if (
                name.Length is 0 or > 253
                || !char.IsAsciiLetterOrDigit(name[0])
                || name.ContainsAnyExcept(HostCharacters)
                || name.Contains("..", StringComparison.Ordinal)
            )
                return false;
            port = text[name.Length..];
        }
        return port.IsEmpty
            || (
                port[0] == ':' && ushort.TryParse(port[1..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            );
    }

    /// <param name="prefix">Without a final slash, which a path of the gateway brings along.</param>
    public static bool TryParsePrefix(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? prefix)
    {
        var isPath =
            text.StartsWith("/")
            && !text.ContainsAnyExcept(PrefixCharacters)
            && !text.Contains("//", StringComparison.Ordinal)
            && !text.Contains("..", StringComparison.Ordinal);
        prefix = isPath ? text.TrimEnd('/').ToString() : null;
        return isPath;
    }

    private static string WithoutDefaultPort(string scheme, string host)
    {
        var port = scheme == Uri.UriSchemeHttps ? ":443" : ":80";
        return host.EndsWith(port, StringComparison.Ordinal) && IsHost(host) ? host[..^port.Length] : host;
    }
}
