using System.Net;

namespace Gateway.Leonardo.Origins;

/// <summary>
/// An origin that image bytes may be fetched from or sent to, without the key: <c>https://cdn.leonardo.ai</c>,
/// <c>https://*.amazonaws.com</c>, or an IP address with a port.
/// </summary>
/// <param name="Scheme"><c>https</c>; <c>http</c> only where <paramref name="Address"/> is set.</param>
/// <param name="Host">
/// Lower case. With <paramref name="AnySubdomain"/>: the suffix of the name, from the dot on.
/// </param>
/// <param name="Address">
/// Set where the entry names an IP address and a port. The operator then permits exactly that socket, even a private
/// one.
/// </param>
internal sealed record AllowedOrigin(string Scheme, string Host, int Port, bool AnySubdomain, IPAddress? Address)
{
    private const string Wildcard = "*.";

    /// <returns>Null: the text is not a valid entry.</returns>
    public static AllowedOrigin? Parse(string text)
    {
        var anySubdomain = text.Contains("://" + Wildcard, StringComparison.Ordinal);
        var plain = anySubdomain ? text.Replace("://" + Wildcard, "://", StringComparison.Ordinal) : text;
        if (
            !Uri.TryCreate(plain, UriKind.Absolute, out var uri)
            || uri is not { UserInfo: "", AbsolutePath: "/", Query: "", Fragment: "" }
            || plain.EndsWith('?')
            || plain.EndsWith('#')
        )
            return null;
        if (IPAddress.TryParse(uri.DnsSafeHost, out var address))
        {
            var isWhole = !anySubdomain && HasPort(plain) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);
            return isWhole ? new(uri.Scheme, uri.DnsSafeHost, uri.Port, AnySubdomain: false, address) : null;
        }
        if (uri.Scheme != Uri.UriSchemeHttps || uri.HostNameType != UriHostNameType.Dns)
            return null;
        return new(uri.Scheme, anySubdomain ? "." + uri.IdnHost : uri.IdnHost, uri.Port, anySubdomain, null);
    }

    public bool Permits(Uri url) =>
        url.Scheme == Scheme
        && url.Port == Port
        && url.UserInfo.Length == 0
        && (
            Address is not null ? IPAddress.TryParse(url.DnsSafeHost, out var address) && address.Equals(Address)
            : AnySubdomain ? url.IdnHost.EndsWith(Host, StringComparison.Ordinal) && url.IdnHost.Length > Host.Length
            : url.IdnHost == Host
        );

    /// <summary>Needed because <see cref="Uri"/> does not distinguish an explicit port from the default one.</summary>
    private static bool HasPort(string text)
    {
        var authority = text.AsSpan(text.IndexOf("://", StringComparison.Ordinal) + 3).TrimEnd('/');
        return authority.LastIndexOf(':') > authority.LastIndexOf(']');
    }
}
