using System.Collections.Frozen;
using System.Net;
using Gateway.Edge;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>The settings under <c>Identification</c> (contract, section 5).</summary>
/// <param name="TrustedProxies">Networks whose word on the tenant header, <c>X-Forwarded-For</c> and client certificates is taken.</param>
/// <param name="Header">Name of the tenant header.</param>
/// <param name="Hosts">Names by which a caller known by its network may call the gateway, beside the local ones.</param>
/// <param name="Oidc">Null: no JWT is accepted.</param>
internal sealed record IdentificationOptions(NetworkTable<string> TrustedProxies, string Header, FrozenSet<string> Hosts, OidcOptions? Oidc)
{
    public static IdentificationOptions Read(Settings settings)
    {
        // ASP.NET Core would then put X-Forwarded-For, from anyone, in the place of the peer's address before we see it.
        if (settings.GetString("ForwardedHeaders_Enabled") is { } enabled && bool.TryParse(enabled, out var believed) && believed)
            settings.AddError(
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED",
                "must not be set, it believes everyone: list the proxies in Identification:TrustedProxies"
            );
        return new IdentificationOptions(
            new NetworkTable<string>(ReadProxies(settings)),
            ReadHeader(settings),
            ReadHosts(settings),
            OidcOptions.Read(settings)
        );
    }

    private static Dictionary<Network, string> ReadProxies(Settings settings)
    {
        const string Name = "Identification:TrustedProxies";
        var proxies = new Dictionary<Network, string>();
        foreach (var text in settings.List(Name))
        {
            var cidr =
                Network.TryParseAddress(text, out var alone) && !alone.IsIPv4MappedToIPv6
                    ? $"{text}/{Network.WidthOf(alone.AddressFamily)}"
                    : text;
            if (!Network.TryParse(cidr, out var network, out var fault))
                settings.AddError(Name, $"{text} {fault}");
            else if (network.Prefix == 0)
                settings.AddError(Name, $"{text} would let every caller name any tenant");
            else
                proxies[network] = text;
        }
        return proxies;
    }

    private static string ReadHeader(Settings settings)
    {
        const string Name = "Identification:Header";
        var header = settings.GetString(Name) ?? "X-Tenant-Id";
        // At most four dashes: every spelling with underscores is looked for on every request.
        if (
            header.Length > 64
            || !header.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            || header.Count(c => c == '-') > 4
            || header.ToUpperInvariant()
                is "AUTHORIZATION"
                    or "COOKIE"
                    or "HOST"
                    or "ORIGIN"
                    or "X-FORWARDED-FOR"
                    or "CLIENT-CERT"
                    or "X-CLIENT-CERT"
        )
            settings.AddError(Name, "must be the name of a header that means nothing else: letters, digits and at most four dashes");
        return header;
    }

    private static FrozenSet<string> ReadHosts(Settings settings)
    {
        const string Name = "Identification:Hosts";
        var hosts = settings.List(Name);
        foreach (var host in hosts)
        {
            if (Uri.CheckHostName(host) != UriHostNameType.Dns || host.EndsWith('.'))
                settings.AddError(Name, $"{host} must be a host name alone, without scheme, port, wildcard or final dot");
        }
        return hosts.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }
}
