using System.Net;

namespace Gateway.Tenants.Identification;

/// <summary>The network the caller stands in, when it presents nothing.</summary>
internal sealed class NetworkIdentification(IdentificationOptions options)
{
    public IdentificationResult Identify(HttpContext context, Peer peer, TenantSnapshot tenancy)
    {
        var address = peer.Address;
        if (peer.IsTrustedProxy && context.Request.Headers.ContainsKey(Peer.ForwardedFor))
        {
            address = peer.Origin(context, options.TrustedProxies);
            if (address is null)
                return IdentificationResult.Unidentified(
                    $"The header {Peer.ForwardedFor} that the proxy sent is not a list of IP addresses. An operator would have the proxy set it."
                );
        }
        if (address is null || tenancy.Networks.Find(address) is not { } caller)
        {
            return IdentificationResult.Unidentified(
                $"The request came from {Peer.Display(address)}, which is in no tenant's network; no token, client certificate or trusted {options.Header} was presented. "
                    + "An operator would add the network to a tenant's identify.networks in the tenants file, or hand out a token."
            );
        }
        return CrossSiteGuard.Refuse(context.Request, peer, options) is { } problem ? new IdentificationResult(null, problem) : caller;
    }
}
