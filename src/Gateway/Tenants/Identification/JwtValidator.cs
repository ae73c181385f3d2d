using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Tenants.Identification;

/// <summary>
/// Checks JWTs of the organisation's OpenID Connect issuer: signature, algorithm, issuer, audience and lifetime.
/// </summary>
internal sealed class JwtValidator(OidcKeys keys, string audience, TimeProvider clock)
{
    private const string UnpairedSurrogate = "The token is not a valid JWT: a claim holds an unpaired surrogate.";

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Asymmetric only: with HMAC among them, anyone could sign with the issuer's public key (RFC 8725, 2.1).
    /// </summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = BearerToken.MaxLength };

    /// <returns>The claims with a text value, one entry for each item of a list; or why the token is refused.</returns>
    public async ValueTask<(IReadOnlyList<TokenClaim> Claims, string? Refusal)> ValidateAsync(
        string token,
        CancellationToken cancellationToken
    )
    {
        if (await keys.GetAsync(cancellationToken) is not { } published)
            return (
                [],
                "The token cannot be checked now: the identity provider does not answer. Try again later; if it lasts, ask the operator to check Identification:Oidc."
            );

        var result = await _handler.ValidateTokenAsync(token, CreateParameters(published));
        if (
            result.Exception is SecurityTokenSignatureKeyNotFoundException
            && await keys.RefreshAsync(cancellationToken) is { } newer
            && newer != published
        )
            result = await _handler.ValidateTokenAsync(token, CreateParameters(newer));
        if (!result.IsValid)
            return ([], Explain(result.Exception));

        var jwt = (JsonWebToken)result.SecurityToken;
        // RFC 7515, 4.1.11: an extension that the receiver must understand. The gateway understands none.
        if (jwt.TryGetHeaderValue<object>("crit", out _))
            return ([], "The token demands an extension (crit) that the gateway does not have.");
        try
        {
            return (ReadClaims(jwt), null);
        }
        catch (InvalidOperationException)
        {
            return ([], UnpairedSurrogate);
        }
    }

    /// <exception cref="InvalidOperationException">A text holds an unpaired surrogate, which .NET refuses to
    /// read.</exception>
    private static List<TokenClaim> ReadClaims(JsonWebToken jwt)
    {
        using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(jwt.EncodedPayload));
        return
        [
            .. payload
                .RootElement.EnumerateObject()
                .SelectMany(claim => Values(claim.Value).Select(value => new TokenClaim(claim.Name, value))),
        ];
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

    private TokenValidationParameters CreateParameters(OpenIdConnectConfiguration published) =>
        new()
        {
            ValidIssuer = published.Issuer,
            ValidAudience = audience,
            IssuerSigningKeys = published.SigningKeys,
            // Only the key that the token names, not any that fits.
            TryAllIssuerSigningKeys = false,
            ValidAlgorithms = Algorithms,
            LifetimeValidator = IsAlive,
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
            SecurityTokenSignatureKeyNotFoundException => "The token is signed with a key that its issuer does not publish.",
            SecurityTokenInvalidAlgorithmException => "The token is signed in a way that is not accepted.",
            SecurityTokenInvalidSignatureException => "The token's signature is not valid.",
            _ => "The token is not a valid JWT.",
        };
}
