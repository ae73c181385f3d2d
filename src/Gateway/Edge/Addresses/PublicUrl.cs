using Microsoft.Extensions.Primitives;

namespace Gateway.Edge.Addresses;

/// <summary>
/// The one notion of where callers reach the gateway (docs/api.md): <c>PublicUrl</c>, else what a trusted proxy
/// forwards, else the request itself. <c>PublicUrl</c> names the public port: on the management port it counts only for
/// a request to its host, which a proxy in front of both ports passes on.
/// </summary>
/// <param name="configured">Null: not set.</param>
internal sealed class PublicUrl(GatewayAddress? configured, TrustedProxies trustedProxies, ManagementOptions management)
{
    private const string Name = "PublicUrl";
    private const string ForwardedProto = "X-Forwarded-Proto";
    private const string ForwardedHost = "X-Forwarded-Host";
    private const string ForwardedPrefix = "X-Forwarded-Prefix";

    /// <summary>What the operator set, if anything.</summary>
    public GatewayAddress? Configured => configured;

    public static PublicUrl Read(Settings settings, TrustedProxies trustedProxies, ManagementOptions management)
    {
        if (settings.GetString(Name) is not { } text)
            return new PublicUrl(null, trustedProxies, management);
        if (
            Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri is { UserInfo: "", Query: "", Fragment: "" }
            && GatewayAddress.TryParseScheme(uri.Scheme, out var scheme)
            && GatewayAddress.IsHost(uri.Authority)
            // The path as it was written: the parsed one has its dots resolved.
            && PathOf(text) is var path
            && GatewayAddress.TryParsePrefix(path, out var prefix)
        )
            return new PublicUrl(GatewayAddress.From(scheme, uri.Authority, prefix), trustedProxies, management);
        settings.AddError(
            Name,
            "must be the address at which callers reach the gateway, such as https://img.example.internal/leonardo: http or https, no user, query or fragment, and in its path only letters, digits and ._~-"
        );
        return new PublicUrl(null, trustedProxies, management);
    }

    /// <summary>The address for answers to this request.</summary>
    public static GatewayAddress AddressFor(HttpContext context) =>
        context.RequestServices.GetRequiredService<PublicUrl>().GetAddress(context);

    public GatewayAddress GetAddress(HttpContext context)
    {
        if (configured is { } known && (!management.IsManagementPort(context) || IsCalledBy(known, context)))
            return known;
        var request = context.Request;
        if (!Peer.From(context, trustedProxies).IsTrustedProxy)
            return GatewayAddress.From(request.Scheme, request.Host.ToUriComponent(), "");
        return GatewayAddress.From(
            GatewayAddress.TryParseScheme(LeftMost(request.Headers[ForwardedProto]), out var scheme) ? scheme : request.Scheme,
            GetNamedHost(context) ?? "",
            GatewayAddress.TryParsePrefix(LeftMost(request.Headers[ForwardedPrefix]), out var prefix) ? prefix : ""
        );
    }

    private bool IsCalledBy(GatewayAddress address, HttpContext context) =>
        string.Equals(GetNamedHost(context), address.Host, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The host by which the caller called the gateway, whatever <c>PublicUrl</c> says; a port may follow. Null: it
    /// named none.
    /// </summary>
    public string? GetNamedHost(HttpContext context)
    {
        var request = context.Request;
        var forwarded = Peer.From(context, trustedProxies).IsTrustedProxy ? LeftMost(request.Headers[ForwardedHost]) : default;
        return GatewayAddress.IsHost(forwarded) ? forwarded.ToString() : request.Host.Value;
    }

    /// <summary>
    /// Of several values the one that the proxy nearest to the caller set. Proxies behind it append theirs.
    /// </summary>
    private static ReadOnlySpan<char> LeftMost(StringValues values)
    {
        if (values.Count == 0)
            return default;
        var first = values[0].AsSpan();
        var comma = first.IndexOf(',');
        return (comma < 0 ? first : first[..comma]).Trim(" \t");
    }

    private static string PathOf(string url)
    {
        var slash = url.IndexOf('/', url.IndexOf("://", StringComparison.Ordinal) + 3);
        return slash < 0 ? "/" : url[slash..];
    }
}
