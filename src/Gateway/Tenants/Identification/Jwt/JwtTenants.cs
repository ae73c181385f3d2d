using System.Collections.Frozen;
using System.Text.Json;

namespace Gateway.Tenants.Identification.Jwt;

/// <summary>The tenants that a valid JWT belongs to, by its claims.</summary>
internal static class JwtTenants
{
    /// <returns>By the tenant's id, each with the claim that the tenants file asks for.</returns>
    public static SortedDictionary<string, (Caller Caller, TokenClaim Claim)> Find(TenantSnapshot snapshot, JsonElement claims)
    {
        var found = new SortedDictionary<string, (Caller, TokenClaim)>(StringComparer.Ordinal);
        foreach (var (name, tenants) in IndexOf(snapshot))
        {
            foreach (var value in TokenClaims.FindValues(claims, name))
            {
                if (tenants.TryGetValue(value, out var caller))
                    found[caller.Tenant.Id] = (caller, new TokenClaim(name, value));
            }
        }
        return found;
    }

    /// <returns>The tenant that asks for this claim; null: none does.</returns>
    public static Tenant? FindTenant(TenantSnapshot snapshot, TokenClaim claim) =>
        IndexOf(snapshot).GetValueOrDefault(claim.Name)?.GetValueOrDefault(claim.Value)?.Tenant;

    private static FrozenDictionary<string, FrozenDictionary<string, Caller>> IndexOf(TenantSnapshot snapshot) =>
        (FrozenDictionary<string, FrozenDictionary<string, Caller>>)snapshot.IndexOf(typeof(JwtIdentification));
}
