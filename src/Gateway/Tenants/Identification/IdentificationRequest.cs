using Gateway.Edge.Addresses;

namespace Gateway.Tenants.Identification;

/// <summary>What a way of identification may look at.</summary>
/// <param name="Peer">The other end of the connection; tells whether forwarding headers are believed.</param>
/// <param name="Snapshot">The tenants file that applies to this request.</param>
internal readonly record struct IdentificationRequest(
    HttpContext Context,
    Peer Peer,
    TenantSnapshot Snapshot,
    IdentificationOptions Options,
    TrustedProxies TrustedProxies,
    PublicUrl PublicUrl
)
{
    public IHeaderDictionary Headers => Context.Request.Headers;

    public T GetService<T>()
        where T : notnull => Context.RequestServices.GetRequiredService<T>();
}
