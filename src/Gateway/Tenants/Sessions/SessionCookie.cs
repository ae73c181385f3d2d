using Gateway.Edge.Addresses;

namespace Gateway.Tenants.Sessions;

/// <summary>The cookie of a session. It ends with the browser; pages cannot read it.</summary>
internal static class SessionCookie
{
    public const string Name = "gateway_session";

    private const string Assignment = Name + "=";

    /// <returns>Whether the request has the cookie, and its key; null: no session can have such a value.</returns>
    public static (bool IsPresent, SessionKey? Key) Read(HttpRequest request)
    {
        // Of two cookies of this name the browser puts the one with the longer path first (RFC 6265, 5.4): that of this
        // gateway, if another one is served at the root of the same host.
        foreach (var header in request.Headers.Cookie)
        {
            foreach (var part in header.AsSpan().Split(';'))
            {
                var cookie = header.AsSpan(part).Trim();
                if (cookie.StartsWith(Assignment, StringComparison.Ordinal))
                    return (true, SessionKey.Parse(cookie[Assignment.Length..].Trim('"').ToString()));
            }
        }
        return (false, null);
    }

    /// <returns>What the store knows the session by that the browser has, if any.</returns>
    public static byte[][] FindDigests(HttpRequest request) => Read(request).Key is { } key ? [key.Digest] : [];

    public static void Write(HttpContext context, SessionKey key) =>
        context.Response.Cookies.Append(Name, key.Value, CreateOptions(context));

    /// <summary>Makes the browser forget it.</summary>
    public static void Clear(HttpContext context) => context.Response.Cookies.Delete(Name, CreateOptions(context));

    private static CookieOptions CreateOptions(HttpContext context)
    {
        var address = PublicUrl.AddressFor(context);
        return new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = address.Scheme == Uri.UriSchemeHttps,
            Path = address.Prefix.Length == 0 ? "/" : address.Prefix,
        };
    }
}
