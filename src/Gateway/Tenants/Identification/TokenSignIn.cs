using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Tenants.Identification.Jwt;
using Gateway.Tenants.Sessions;

namespace Gateway.Tenants.Identification;

/// <summary>What a session is made from: the bearer token of the request, and nothing else.</summary>
/// <param name="Result">The tenant by the token, or the refusal.</param>
/// <param name="Identity">What the tenant's session rests on.</param>
/// <param name="Claims">Of a valid JWT, whether or not a tenant is known by it.</param>
internal sealed record TokenSignIn(IdentificationResult Result, SessionIdentity? Identity, JsonElement? Claims)
{
    private static readonly TokenIdentification Tokens = new();

    public static async ValueTask<TokenSignIn> ReadAsync(IdentificationRequest request, DateTimeOffset now)
    {
        if (JwtIdentification.FindJwt(request) is not { } jwt)
        {
            var result = await Tokens.IdentifyAsync(request);
            return new(result, result.Caller is { } known ? FromToken(known, BearerToken.Read(request.Headers).Text!, now) : null, null);
        }
        var (claims, refusal) = await JwtIdentification.ReadClaimsAsync(jwt, request);
        if (refusal is { } refused)
            return new(refused, null, null);
        var found = JwtIdentification.FindTenant(claims, request);
        return new(found, found.Caller is { } caller ? FromClaims(request.Snapshot, caller.Tenant.Id, claims, now) : null, claims);
    }

    /// <param name="tenant">One that the claims belong to.</param>
    /// <param name="claims">Of a valid JWT.</param>
    public static SessionIdentity FromClaims(TenantSnapshot snapshot, string tenant, JsonElement claims, DateTimeOffset now)
    {
        var claim = JwtTenants.Find(snapshot, claims)[tenant].Claim;
        return new SessionIdentity(
            SessionRole.Tenant,
            tenant,
            TokenDigest: null,
            (claim.Name, claim.Value),
            TokenClaims.FindSubject(claims),
            SessionIdentity.GetExpiry(SessionRole.Tenant, now, TokenClaims.GetExpiry(claims))
        );
    }

    private static SessionIdentity FromToken(Caller caller, string token, DateTimeOffset now) =>
        new(
            SessionRole.Tenant,
            caller.Tenant.Id,
            Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token))),
            Claim: null,
            Person: null,
            SessionIdentity.GetExpiry(SessionRole.Tenant, now)
        );
}
