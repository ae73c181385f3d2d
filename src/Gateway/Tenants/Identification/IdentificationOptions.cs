using System.Collections.Frozen;
using Gateway.Edge;

namespace Gateway.Tenants.Identification;

/// <summary>Settings under <c>Identification</c> that more than one way uses (docs/settings.md).</summary>
/// <param name="Header">Name of the tenant header.</param>
/// <param name="CertificateHeader">Name of the header in which a trusted proxy passes the client certificate; null: no
/// header counts (T-K1).</param>
/// <param name="Hosts">Names by which a caller identified by its network may call the gateway, besides local
/// ones.</param>
internal sealed record IdentificationOptions(string Header, string? CertificateHeader, FrozenSet<string> Hosts)
{
    private const string DefaultHeader = "X-Tenant-Id";

    /// <summary>Each of them is looked up in every request, and their number doubles with every dash.</summary>
    private const int MaxDashes = 4;

    /// <summary>
    /// Spellings with an underscore for at least one dash. Servers behind CGI-like gateways take them for the same
    /// header, so they are used to get past a proxy that removes only the right one.
    /// </summary>
    public IReadOnlyList<string> HeaderLookAlikes { get; } = [.. LookAlikes(Header)];

    public static IdentificationOptions Read(Settings settings)
    {
        var header = ReadHeader(settings);
        return new(header, ReadCertificateHeader(settings, header), ReadHosts(settings));
    }

    private static string ReadHeader(Settings settings)
    {
        const string Name = "Identification:Header";
        var header = settings.GetString(Name) ?? DefaultHeader;
        if (
            IsFree(header)
            && header.Count(c => c == '-') <= MaxDashes
            && header.ToUpperInvariant() is not ("CLIENT-CERT" or "X-CLIENT-CERT")
        )
            return header;
        settings.AddError(Name, "must be the name of a header that means nothing else: letters, digits and at most four dashes");
        return DefaultHeader;
    }

    private static string? ReadCertificateHeader(Settings settings, string tenantHeader)
    {
        const string Name = "Identification:CertificateHeader";
        if (settings.GetString(Name) is not { } header)
            return null;
        if (IsFree(header) && !header.Equals(tenantHeader, StringComparison.OrdinalIgnoreCase))
            return header;
        settings.AddError(Name, "must be the name of a header that means nothing else, such as X-Client-Cert: letters, digits and dashes");
        return null;
    }

    private static bool IsFree(string header) =>
        header.Length <= 64
        && header.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        && header.ToUpperInvariant()
            is not (
                "AUTHORIZATION"
                or "COOKIE"
                or "HOST"
                or "ORIGIN"
                or "X-FORWARDED-FOR"
                or "X-FORWARDED-PROTO"
                or "X-FORWARDED-HOST"
                or "X-FORWARDED-PREFIX"
            );

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

    private static IEnumerable<string> LookAlikes(string header)
    {
        var dashes = Enumerable.Range(0, header.Length).Where(i => header[i] == '-').ToArray();
        for (var choice = 1; choice < 1 << dashes.Length; choice++)
        {
            var spelling = header.ToCharArray();
            for (var i = 0; i < dashes.Length; i++)
            {
                if ((choice & (1 << i)) != 0)
                    spelling[dashes[i]] = '_';
            }
            yield return new string(spelling);
        }
    }
}
