using Microsoft.Extensions.Primitives;

namespace Gateway.Tenants.Identification;

/// <summary>The tenant header, set by a trusted proxy that has identified the caller itself.</summary>
internal sealed class HeaderIdentification(string header, ILogger log)
{
    private readonly string[] _lookAlikes = [.. LookAlikes(header)];

    public IdentificationResult Identify(HttpContext context, Peer peer, TenantSnapshot tenancy)
    {
        var headers = context.Request.Headers;
        foreach (var lookAlike in _lookAlikes)
        {
            if (headers.ContainsKey(lookAlike))
            {
                LogUntrusted(peer);
                return IdentificationResult.Unidentified(
                    $"The request carries a header like {header}, but spelled with underscores. Some proxies pass that on unchecked, so it is refused."
                );
            }
        }
        if (!headers.TryGetValue(header, out var values))
            return IdentificationResult.NotPresented;
        if (!peer.IsTrustedProxy)
        {
            LogUntrusted(peer);
            return IdentificationResult.Unidentified(
                $"The request carries {header}, but came from {Peer.Display(peer.Address)}, which is not a trusted proxy. Leave the header out, or have the operator add the proxy's address to Identification:TrustedProxies."
            );
        }
        if (values is not [{ Length: > 0 } id] || id.Contains(',', StringComparison.Ordinal))
            return IdentificationResult.Unidentified(
                $"The header {header} must be there once, naming one tenant. It is empty, or names more than one."
            );
        return tenancy.Headers.TryGetValue(id, out var caller)
            ? caller
            : IdentificationResult.Unidentified(
                $"The header {header} names no tenant that may be identified this way. An operator would check the name, or set \"header\": true under identify in the tenants file."
            );
    }

    private void LogUntrusted(Peer peer) => log.LogWarning("untrusted tenant header from {Peer}: refused", Peer.Display(peer.Address));

    /// <summary>Every spelling with an underscore for at least one dash. Servers behind CGI-like gateways take those for the same header; attackers know it.</summary>
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
