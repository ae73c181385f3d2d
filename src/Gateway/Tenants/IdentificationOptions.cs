using System.Collections.Frozen;
using System.Net;

namespace Gateway.Tenants;

/// <summary>The settings under <c>Identification</c>, checked.</summary>
/// <param name="TrustedProxies">Networks whose word on the tenant header, <c>X-Forwarded-For</c> and client certificates is taken.</param>
/// <param name="Header">Name of the tenant header.</param>
/// <param name="Hosts">Names by which a caller known by its network may call the gateway, beside the local ones.</param>
/// <param name="Oidc">Null: no JWT is accepted.</param>
internal sealed record IdentificationOptions(
    NetworkTable<string> TrustedProxies,
    string Header,
    FrozenSet<string> Hosts,
    IdentificationOptions.OidcOptions? Oidc
)
{
    /// <param name="Authority">Where discovery begins: https, or http on this machine.</param>
    /// <param name="Audience">What <c>aud</c> must name.</param>
    internal sealed record OidcOptions(Uri Authority, string Audience);

    /// <returns>The settings, and everything that is wrong with them; they are not to be used unless that is nothing.</returns>
    public static (IdentificationOptions Options, IReadOnlyList<string> Errors) Read(IConfiguration configuration)
    {
        var errors = new List<string>();
        var section = configuration.GetSection("Identification");
        foreach (var child in section.GetChildren())
        {
            if (!new[] { "TrustedProxies", "Header", "Hosts", "Oidc" }.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                errors.Add($"{child.Path}: there is no such setting");
        }
        // ASP.NET Core would then put X-Forwarded-For, from anyone, in the place of the peer's address before we see it.
        if (bool.TryParse(configuration["ForwardedHeaders_Enabled"], out var enabled) && enabled)
            errors.Add(
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED: must not be set: it believes everyone. List the proxies in Identification:TrustedProxies"
            );

        var options = new IdentificationOptions(
            new NetworkTable<string>(ReadProxies(section, errors)),
            ReadHeader(section, errors),
            ReadHosts(section, errors),
            ReadOidc(section.GetSection("Oidc"), errors)
        );
        return (options, errors);
    }

    private static Dictionary<Network, string> ReadProxies(IConfigurationSection section, List<string> errors)
    {
        var proxies = new Dictionary<Network, string>();
        foreach (var (path, text) in List(section.GetSection("TrustedProxies"), errors))
        {
            var cidr =
                Network.TryParseAddress(text, out var alone) && !alone.IsIPv4MappedToIPv6
                    ? $"{text}/{Network.WidthOf(alone.AddressFamily)}"
                    : text;
            if (!Network.TryParse(cidr, out var network, out var fault))
                errors.Add($"{path}: the network {fault}");
            else if (network.Prefix == 0)
                errors.Add($"{path}: {network} would let every caller name any tenant");
            else
                proxies[network] = text;
        }
        return proxies;
    }

    private static string ReadHeader(IConfigurationSection section, List<string> errors)
    {
        var name = section["Header"] ?? "X-Tenant-Id";
        // At most four dashes: every spelling with underscores is looked for on every request.
        if (
            name.Length is 0 or > 64
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            || name.Count(c => c == '-') > 4
            || name.ToUpperInvariant() is "AUTHORIZATION" or "HOST" or "ORIGIN" or "X-FORWARDED-FOR" or "CLIENT-CERT" or "X-CLIENT-CERT"
        )
            errors.Add("Identification:Header: must be a header name of its own: letters, digits and at most four dashes");
        return name;
    }

    private static FrozenSet<string> ReadHosts(IConfigurationSection section, List<string> errors)
    {
        var hosts = new List<string>();
        foreach (var (path, name) in List(section.GetSection("Hosts"), errors))
        {
            if (Uri.CheckHostName(name) == UriHostNameType.Dns)
                hosts.Add(name.TrimEnd('.'));
            else
                errors.Add($"{path}: must be a host name alone, without scheme, port or wildcard");
        }
        return hosts.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    private static OidcOptions? ReadOidc(IConfigurationSection section, List<string> errors)
    {
        var (authority, audience) = (section["Authority"], section["Audience"]);
        foreach (var child in section.GetChildren())
        {
            if (!new[] { "Authority", "Audience" }.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                errors.Add($"{child.Path}: there is no such setting");
        }
        if (string.IsNullOrEmpty(authority) && string.IsNullOrEmpty(audience))
            return null;
        if (string.IsNullOrWhiteSpace(audience))
            errors.Add("Identification:Oidc:Audience: is needed with Authority: without it a token made for any other service would do");
        if (
            !Uri.TryCreate(authority, UriKind.Absolute, out var uri)
            || !(uri.Scheme is "https" || (uri.Scheme is "http" && IsLoopback(uri)))
            || uri.UserInfo.Length + uri.Query.Length + uri.Fragment.Length > 0
        )
        {
            errors.Add(
                "Identification:Oidc:Authority: must be the issuer's https address, without user, query or fragment (http only on this machine)"
            );
            return null;
        }
        return new OidcOptions(uri, audience ?? "");
    }

    // Not Uri.IsLoopback alone: that takes any name the machine calls its own for loopback too.
    private static bool IsLoopback(Uri uri) =>
        uri.IsLoopback && (uri.Host is "localhost" || (IPAddress.TryParse(uri.Host, out var address) && IPAddress.IsLoopback(address)));

    private static IEnumerable<(string Path, string Text)> List(IConfigurationSection section, List<string> errors)
    {
        if (!string.IsNullOrEmpty(section.Value))
            errors.Add($"{section.Path}: is a list: write {section.Path}:0, {section.Path}:1, … (in the environment {section.Key}__0, …)");
        return section.GetChildren().Select(child => (child.Path, child.Value ?? ""));
    }
}
