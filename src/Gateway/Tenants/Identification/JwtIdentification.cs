using Gateway.Edge;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

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
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OidcKeys>>()
        ));
        services.AddSingleton(provider => new JwtValidator(
            provider.GetRequiredService<OidcKeys>(),
            oidc.Audience,
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

    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request)
    {
        var bearer = BearerToken.Read(request.Headers);
        if (bearer.Text is null || !bearer.LooksLikeJwt)
            return new(bearer.Refusal);
        // A token of the gateway may have two dots as well.
        if (TokenIdentification.FindToken(request.Snapshot, bearer.Text) is not null)
            return new(IdentificationResult.NotPresented);
        return request.Context.RequestServices.GetService<JwtValidator>() is { } validator
            ? IdentifyAsync(validator, bearer.Text, request)
            : new(
                IdentificationResult.InvalidToken(
                    "The bearer token looks like a JWT, but the gateway trusts no issuer. Use another credential, or ask the operator to set Identification:Oidc."
                )
            );
    }

    private async ValueTask<IdentificationResult> IdentifyAsync(JwtValidator validator, string token, IdentificationRequest request)
    {
        var (claims, refusal) = await validator.ValidateAsync(token, request.Context.RequestAborted);
        return refusal is null ? FindTenant(claims, request.Snapshot) : IdentificationResult.InvalidToken(refusal);
    }

    private IdentificationResult FindTenant(IReadOnlyList<TokenClaim> claims, TenantSnapshot snapshot)
    {
        Caller? found = null;
        foreach (var claim in claims)
        {
            if (Find(snapshot, claim) is not { } caller)
                continue;
            if (found is not null && found.Tenant != caller.Tenant)
                return IdentificationResult.InvalidToken(
                    "The token's claims belong to two tenants. Ask the operator to change identify.jwt in the tenants file."
                );
            found = caller;
        }
        return found
            ?? IdentificationResult.InvalidToken(
                "The token is valid, but no tenant is known by its claims. Ask the operator to add one of them to identify.jwt in the tenants file."
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
