using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Tenants.Identification.Jwt;

/// <summary>
/// Checks JWTs of the organisation's OpenID Connect issuer: signature, algorithm, issuer, audience and lifetime.
/// </summary>
internal sealed class JwtValidator(OidcKeys keys, IReadOnlyList<string> audiences, TimeProvider clock)
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Asymmetric only: with HMAC among them, anyone could sign with the issuer's public key (RFC 8725, 2.1).
    /// </summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = BearerToken.MaxLength };

    /// <returns>The payload, which is valid only without a refusal.</returns>
    public async ValueTask<(JsonElement Claims, IdentificationResult? Refusal)> ValidateAsync(
        string token,
        CancellationToken cancellationToken
    )
    {
        if (await keys.GetAsync(cancellationToken) is not { } published)
            return Unavailable();

        var result = await _handler.ValidateTokenAsync(token, CreateParameters(published));
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            if (await keys.RefreshAsync(cancellationToken) is { } newer && newer != published)
                result = await _handler.ValidateTokenAsync(token, CreateParameters(newer));
            // The issuer may have changed its keys while it cannot be asked.
            if (result.Exception is SecurityTokenSignatureKeyNotFoundException && keys.IsUnreachable)
                return Unavailable();
        }
        if (!result.IsValid)
            return Refuse(Explain(result.Exception));

        var jwt = (JsonWebToken)result.SecurityToken;
        // RFC 7515, 4.1.11: an extension that the receiver must understand. The gateway understands none.
        if (jwt.TryGetHeaderValue<object>("crit", out _))
            return Refuse("The token demands an extension (crit) that the gateway does not have.");
        using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(jwt.EncodedPayload));
        return (payload.RootElement.Clone(), null);
    }

    private static (JsonElement, IdentificationResult?) Refuse(string detail) => (default, IdentificationResult.InvalidToken(detail));

    private (JsonElement, IdentificationResult?) Unavailable() => (default, IdentificationResult.Unavailable(keys.SecondsToNextAttempt));

    private TokenValidationParameters CreateParameters(OpenIdConnectConfiguration published) =>
        new()
        {
            ValidIssuer = published.Issuer,
            ValidAudiences = audiences,
            // Only the key that the token names, or the only one that fits; never one after the other.
            IssuerSigningKeyResolver = (_, token, kid, _) => FindKeys(published, (JsonWebToken)token, kid),
            TryAllIssuerSigningKeys = false,
            ValidAlgorithms = Algorithms,
            LifetimeValidator = IsAlive,
        };

    /// <returns>The key with this id; without an id the only one that fits; else none.</returns>
    private static IEnumerable<SecurityKey> FindKeys(OpenIdConnectConfiguration published, JsonWebToken token, string? kid)
    {
        if (!string.IsNullOrEmpty(kid))
            return published.SigningKeys.Where(key => string.Equals(key.KeyId, kid, StringComparison.Ordinal));
        var fitting = (published.JsonWebKeySet?.Keys ?? []).Where(key => Fits(key, token.Alg)).Take(2).ToArray();
        return fitting.Length == 1 ? fitting : [];
    }

    /// <summary>RFC 7518, 3.1 and 6.1: the kind of key that the algorithm needs, and the use that it states.</summary>
    private static bool Fits(JsonWebKey key, string algorithm) =>
        key.Use is null or "sig"
        && (key.Alg is null || string.Equals(key.Alg, algorithm, StringComparison.Ordinal))
        && algorithm switch
        {
            "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" => key.Kty is "RSA",
            "ES256" => key is { Kty: "EC", Crv: "P-256" },
            "ES384" => key is { Kty: "EC", Crv: "P-384" },
            "ES512" => key is { Kty: "EC", Crv: "P-521" },
            _ => false,
        };

    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters rules)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return expires is { } end && now < end + ClockSkew && !(notBefore > now + ClockSkew);
    }

    /// <summary>The library's own messages are not used: they hold parts of the token.</summary>
    private static string Explain(Exception? fault) =>
        fault switch
        {
            SecurityTokenInvalidLifetimeException => "The token has expired, is not valid yet, or has no expiry.",
            SecurityTokenInvalidAudienceException => "The token was made for another audience than this gateway.",
            SecurityTokenInvalidIssuerException => "The token was issued by another issuer than the one this gateway trusts.",
            SecurityTokenSignatureKeyNotFoundException =>
                "The token is signed with a key that its issuer does not publish, or it names none (kid) and several of the issuer's keys fit.",
            SecurityTokenInvalidAlgorithmException => "The token is signed in a way that is not accepted.",
            SecurityTokenInvalidSignatureException => "The token's signature is not valid.",
            _ => "The token is not a valid JWT.",
        };
}
