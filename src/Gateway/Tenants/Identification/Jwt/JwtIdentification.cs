using System.Collections.Frozen;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Outgoing;

namespace Gateway.Tenants.Identification.Jwt;

/// <summary>
/// A bearer JWT of the organisation's OpenID Connect issuer; one of its claims identifies the tenant.
/// </summary>
internal sealed class JwtIdentification : IdentificationMethod<TokenClaim>
{
    public override string Name => "jwt";

    public override string Member => "jwt";

    public override Evidence Evidence => Evidence.Credential;

    public override void AddServices(IServiceCollection services, Settings settings)
    {
        if (OidcOptions.Read(settings) is not { } oidc)
            return;
        services.AddSingleton(provider => new OidcKeys(
            oidc.Authority,
            provider.GetRequiredService<OutgoingConnections>().CreateTransport(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OidcKeys>>()
        ));
        services.AddSingleton(provider => new JwtValidator(
            provider.GetRequiredService<OidcKeys>(),
            oidc.Audiences,
            provider.GetRequiredService<TimeProvider>()
        ));
    }

    public override void ReadClaims(JsonValidator member, Tenant tenant, ClaimTable<TokenClaim> claims)
    {
        foreach (var item in member.Items() ?? [])
        {
            if (ReadClaim(item) is { } claim)
                claims.Add(claim, tenant, item);
        }
    }

    /// <summary>By the claim, then by the value it must have.</summary>
    public override object CreateIndex(IReadOnlyDictionary<TokenClaim, Caller> claims) =>
        claims
            .GroupBy(entry => entry.Key.Name, StringComparer.Ordinal)
            .ToFrozenDictionary(
                claim => claim.Key,
                claim => claim.ToFrozenDictionary(entry => entry.Key.Value, entry => entry.Value, StringComparer.Ordinal),
                StringComparer.Ordinal
            );

    /// <summary>The bearer token, if it is a JWT. A token of the gateway may have two dots as well.</summary>
    public static string? FindJwt(IdentificationRequest request) =>
        BearerToken.Read(request.Headers) is { LooksLikeJwt: true, Text: { } text }
        && TokenIdentification.FindToken(request.Snapshot, text) is null
            ? text
            : null;

    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request) =>
        FindJwt(request) is { } token ? IdentifyAsync(token, request) : new(BearerToken.Read(request.Headers).Refusal);

    /// <param name="token">Of <see cref="FindJwt"/>.</param>
    /// <returns>Its payload, which is valid only without a refusal.</returns>
    public static ValueTask<(JsonElement Claims, IdentificationResult? Refusal)> ReadClaimsAsync(
        string token,
        IdentificationRequest request
    ) =>
        request.Context.RequestServices.GetService<JwtValidator>() is { } validator
            ? validator.ValidateAsync(token, request.Context.RequestAborted)
            : new(
                (
                    default,
                    IdentificationResult.InvalidToken(
                        "The bearer token looks like a JWT, but the gateway trusts no issuer. Use another credential, or ask the operator to set Identification:Oidc."
                    )
                )
            );

    private static async ValueTask<IdentificationResult> IdentifyAsync(string token, IdentificationRequest request)
    {
        var (claims, refusal) = await ReadClaimsAsync(token, request);
        return refusal ?? FindTenant(claims, request);
    }

    /// <param name="claims">Of a valid token.</param>
    public static IdentificationResult FindTenant(JsonElement claims, IdentificationRequest request)
    {
        var found = JwtTenants.Find(request.Snapshot, claims);
        if (found.Count > 0)
            return Choose(found, request) is var chosen && chosen.Caller is { } caller
                ? caller with
                {
                    Subject = TokenClaims.FindSubject(claims),
                }
                : chosen;
        return IdentificationResult.InvalidToken(
            TokenClaims.FindLeftOut(claims) is { } groups
                ? $"The token is valid, but its issuer left {groups} out because there are too many (groups overage), and the gateway does not fetch them. "
                    + "Ask the operator to have the issuer put only the groups of this application, or application roles, into the token."
                : "The token is valid, but no tenant is known by its claims. Ask the operator to add one of them to identify.jwt in the tenants file."
        );
    }

    /// <param name="found">The tenants that the token belongs to.</param>
    private static IdentificationResult Choose(SortedDictionary<string, (Caller Caller, TokenClaim)> found, IdentificationRequest request)
    {
        var header = request.Options.Header;
        if (!request.Headers.TryGetValue(header, out var values))
            return found.Count == 1
                ? found.Values.First().Caller
                : IdentificationResult.InvalidToken(
                    $"The token's claims belong to several tenants: {string.Join(", ", found.Keys)}. Name one of them in {header}, or ask the operator to change identify.jwt in the tenants file."
                );
        if (values is [{ Length: > 0 } id] && found.TryGetValue(id, out var chosen))
            return chosen.Caller;
        // A proxy may name a tenant in every request; a credential decides over that.
        return
            found.Count == 1
            && request.Peer.IsTrustedProxy
            && values is [{ Length: > 0 } one]
            && !one.Contains(',', StringComparison.Ordinal)
            ? found.Values.First().Caller
            : IdentificationResult.Unidentified(
                $"The header {header} must name, once, one of the tenants that the token belongs to: {string.Join(", ", found.Keys)}. Correct it, or leave it out."
            );
    }

    private static TokenClaim? ReadClaim(JsonValidator json)
    {
        if (json.Members("claim", "value") is not { } members)
            return null;
        if (!members.TryGetValue("claim", out var name) || !members.TryGetValue("value", out var value))
        {
            json.AddError("required", "both claim and value are needed");
            return null;
        }
        if (name.GetString() is not { } nameText || value.GetString() is not { } valueText)
            return null;
        if (nameText.Length is 0 or > 200)
            name.AddError("pattern", "must be 1 to 200 characters");
        if (valueText.Length is 0 or > 1000)
            value.AddError("pattern", "must be 1 to 1000 characters");
        return new TokenClaim(nameText, valueText);
    }
}

/// <summary>One claim of a JWT and the value it must have. Both compare exactly.</summary>
internal readonly record struct TokenClaim(string Name, string Value);
