using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Tenants.Identification;

/// <summary>A JWT of the organisation's OpenID Connect issuer; its claims say which tenant.</summary>
internal sealed class JwtIdentification(OidcKeys keys, string audience, TimeProvider clock)
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Asymmetric only: with HMAC among them, the issuer's public key would sign (RFC 8725, 2.1).</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly JsonWebTokenHandler _handler = new()
    {
        MapInboundClaims = false,
        MaximumTokenSizeInBytes = BearerIdentification.LongestToken,
    };

    public async ValueTask<IdentificationResult> Identify(string token, TenantSnapshot tenancy, CancellationToken cancellationToken)
    {
        if (await keys.Get(cancellationToken) is not { } published)
            return IdentificationResult.InvalidToken(
                "The token cannot be checked now: the identity provider does not answer. Try again later; an operator would look at Identification:Oidc."
            );

        var result = await _handler.ValidateTokenAsync(token, Rules(published));
        if (
            result.Exception is SecurityTokenSignatureKeyNotFoundException
            && await keys.Refresh(cancellationToken) is { } newer
            && newer != published
        )
            result = await _handler.ValidateTokenAsync(token, Rules(newer));
        if (!result.IsValid)
            return IdentificationResult.InvalidToken(Explain(result.Exception));

        var jwt = (JsonWebToken)result.SecurityToken;
        // RFC 7515, 4.1.11: an extension that must be understood, and none is.
        return jwt.TryGetHeaderValue<object>("crit", out _)
            ? IdentificationResult.InvalidToken("The token demands an extension (crit) that the gateway does not have.")
            : TryFindTenant(jwt, tenancy);
    }

    private static IdentificationResult TryFindTenant(JsonWebToken jwt, TenantSnapshot tenancy)
    {
        try
        {
            return FindTenant(jwt, tenancy);
        }
        catch (InvalidOperationException)
        {
            return IdentificationResult.InvalidToken("The token is not a valid JWT: a claim holds an unpaired surrogate.");
        }
    }

    /// <exception cref="InvalidOperationException">A text holds an unpaired surrogate, which .NET refuses to read.</exception>
    private static IdentificationResult FindTenant(JsonWebToken jwt, TenantSnapshot tenancy)
    {
        Caller? found = null;
        using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(jwt.EncodedPayload));
        foreach (var claim in payload.RootElement.EnumerateObject())
        {
            foreach (var value in Values(claim.Value))
            {
                if (!tenancy.Claims.TryGetValue(new TokenClaim(claim.Name, value), out var caller))
                    continue;
                if (found is not null && found.Tenant != caller.Tenant)
                    return IdentificationResult.InvalidToken(
                        "The token's claims belong to two tenants. An operator would change identify.jwt in the tenants file."
                    );
                found = caller;
            }
        }
        return found is null
            ? IdentificationResult.InvalidToken(
                "The token is valid, but no tenant is known by its claims. An operator would add one of them to identify.jwt in the tenants file."
            )
            : found;
    }

    private static IEnumerable<string> Values(JsonElement claim) =>
        claim.ValueKind switch
        {
            JsonValueKind.String => [claim.GetString()!],
            JsonValueKind.Array => claim
                .EnumerateArray()
                .Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => item.GetString()!),
            _ => [],
        };

    private TokenValidationParameters Rules(OpenIdConnectConfiguration published) =>
        new()
        {
            ValidIssuer = published.Issuer,
            ValidAudience = audience,
            IssuerSigningKeys = published.SigningKeys,
            // The key that the token names, not whichever fits.
            TryAllIssuerSigningKeys = false,
            ValidAlgorithms = Algorithms,
            LifetimeValidator = IsAlive,
        };

    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters rules)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return expires is { } end && now < end + ClockSkew && !(notBefore > now + ClockSkew);
    }

    /// <summary>Own words: the library's carry parts of the token.</summary>
    private static string Explain(Exception? fault) =>
        fault switch
        {
            SecurityTokenInvalidLifetimeException => "The token has expired, is not valid yet, or says no expiry.",
            SecurityTokenInvalidAudienceException => "The token was made for another audience than this gateway.",
            SecurityTokenInvalidIssuerException => "The token is of another issuer than the one this gateway trusts.",
            SecurityTokenSignatureKeyNotFoundException => "The token is signed with a key that its issuer does not publish.",
            SecurityTokenInvalidAlgorithmException => "The token is signed in a way that is not accepted.",
            SecurityTokenInvalidSignatureException => "The token's signature is not valid.",
            _ => "The token is not a valid JWT.",
        };
}
