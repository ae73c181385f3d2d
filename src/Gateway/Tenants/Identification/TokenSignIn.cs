using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Tenants.Identification.Jwt;
using Gateway.Tenants.Sessions;

namespace Gateway.Tenants.Identification;

/// <summary>What a session of a tenant is made from: the bearer token of the request, and nothing else.</summary>
internal static class TokenSignIn
{
    private static readonly TokenIdentification Tokens = new();
    private static readonly JwtIdentification Jwts = new();

    /// <returns>The caller by its token, or the refusal; with the caller, what its session rests on.</returns>
    public static async ValueTask<(IdentificationResult Result, SessionIdentity? Identity)> IdentifyAsync(
        IdentificationRequest request,
        DateTimeOffset now
    )
    {
        var result = await Tokens.IdentifyAsync(request);
        if (result.Caller is { } known)
            return (result, FromToken(known, BearerToken.Read(request.Headers).Text!, now));
        if (result.Refusal is null)
            result = await Jwts.IdentifyAsync(request);
        return (result, result.Caller is { } caller ? FromJwt(request, caller, now) : null);
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

    private static SessionIdentity FromJwt(IdentificationRequest request, Caller caller, DateTimeOffset now)
    {
        // It was validated just now.
        var payload = JwtIdentification.FindJwt(request)!.Split('.')[1];
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
        return FromClaims(request.Snapshot, caller.Tenant.Id, claims.RootElement, now);
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
}
