using System.Collections.Frozen;
using Gateway.Edge;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>
/// One way to identify the calling tenant. Stateless: what the tenants file claims is in the request's snapshot.
/// </summary>
internal abstract class IdentificationMethod
{
    /// <summary>Shown as <c>identifiedBy</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The member of a tenant's <c>identify</c> section that this way reads; null: none.</summary>
    public abstract string? Member { get; }

    public abstract Evidence Evidence { get; }

    /// <summary>
    /// Whether a browser has this identity for every page it shows, of any site; then <see cref="CrossSiteGuard"/>
    /// applies. Not so for what a page must add to its requests itself.
    /// </summary>
    public virtual bool IsAmbient => Evidence != Evidence.Credential;

    /// <summary>Services and settings that only this way needs.</summary>
    public virtual void AddServices(IServiceCollection services, Settings settings) { }

    /// <returns>Null where there is no member to read.</returns>
    public abstract ClaimTable? CreateClaimTable();

    /// <returns>
    /// The caller; <see cref="IdentificationResult.NotPresented"/> if the request holds nothing of this way; or a
    /// refusal, which is final: no later way is tried.
    /// </returns>
    public abstract ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request);
}

/// <typeparam name="TClaim">What a tenant claims in the tenants file, and no other tenant may: a network, a digest, an
/// id.</typeparam>
internal abstract class IdentificationMethod<TClaim> : IdentificationMethod
    where TClaim : notnull
{
    public sealed override ClaimTable CreateClaimTable() => new ClaimTable<TClaim>(this);

    /// <summary>
    /// Adds what <paramref name="member"/> claims for the tenant; violations go to the JSON value they are found in.
    /// </summary>
    public abstract void ReadClaims(JsonValidator member, Tenant tenant, ClaimTable<TClaim> claims);

    /// <summary>The look-up that <see cref="TenantSnapshot.IndexOf"/> keeps for this way.</summary>
    public virtual object CreateIndex(IReadOnlyDictionary<TClaim, Caller> claims) => claims.ToFrozenDictionary();

    /// <summary>Only with the default index.</summary>
    protected Caller? Find(TenantSnapshot snapshot, TClaim claim) =>
        ((FrozenDictionary<TClaim, Caller>)snapshot.IndexOf(GetType())).GetValueOrDefault(claim);
}
