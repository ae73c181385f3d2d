using System.Net;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>The network that the request comes from; the longest prefix decides.</summary>
internal sealed class NetworkIdentification : IdentificationMethod<Network>
{
    public override string Name => "network";

    public override string Member => "networks";

    public override Evidence Evidence => Evidence.Location;

    public override void ReadClaims(JsonValidator member, Tenant tenant, ClaimTable<Network> claims)
    {
        foreach (var item in member.Items() ?? [])
        {
            if (item.GetString() is not { } text)
                continue;
            if (Network.TryParse(text, out var network, out var fault))
                claims.Add(network, tenant, item);
            else
                item.AddError("network", "the network " + fault);
        }
    }

    public override object CreateIndex(IReadOnlyDictionary<Network, Caller> claims) => new NetworkTable<Caller>(claims);

    public static Caller? FindNetwork(TenantSnapshot snapshot, IPAddress address) =>
        ((NetworkTable<Caller>)snapshot.IndexOf(typeof(NetworkIdentification))).Find(address);

    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request) => new(Identify(request));

    private static IdentificationResult Identify(IdentificationRequest request)
    {
        var address = request.Peer.Address;
        if (request.Peer.IsTrustedProxy && request.Headers.ContainsKey(Peer.ForwardedFor))
        {
            address = request.Peer.ForwardedAddress(request.Context, request.TrustedProxies);
            if (address is null)
                return IdentificationResult.Unidentified(
                    $"The header {Peer.ForwardedFor} that the proxy sent is not a list of IP addresses. Ask the operator to have the proxy set it."
                );
        }
        return address is not null && FindNetwork(request.Snapshot, address) is { } caller ? caller : IdentificationResult.NotPresented;
    }
}
