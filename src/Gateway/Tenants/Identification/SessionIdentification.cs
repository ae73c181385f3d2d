using Gateway.Tenants.Identification.Jwt;
using Gateway.Tenants.Sessions;

namespace Gateway.Tenants.Identification;

/// <summary>The cookie of a session, which a token or a sign-in at the organisation's issuer made.</summary>
internal sealed class SessionIdentification : IdentificationMethod
{
    /// <summary>The cookie is cleared with it.</summary>
    public const string Ended =
        "The session has ended: it was signed out, its token has expired or was removed, or it is too old. The cookie is cleared. Sign in again.";
    private const string EndedForTenant =
        "The session no longer belongs to a tenant: its token, or the claim that it rests on, was removed from the tenants file. It goes on for the operator. Sign in again with another token.";
    private const string NotKnownYet =
        "The session rests on a token or a claim that the tenants file of this replica does not have yet. The session goes on, and nothing was changed. Send the request again in a minute; if that does not help, sign in again.";

    public override string Name => "session";

    /// <summary>It is made from what the other ways claim.</summary>
    public override string? Member => null;

    public override Evidence Evidence => Evidence.Credential;

    /// <summary>The browser sends it with every request, whichever page makes it.</summary>
    public override bool IsAmbient => true;

    public override ClaimTable? CreateClaimTable() => null;

    /// <summary>A credential in <c>authorization</c> decides alone.</summary>
    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request)
    {
        if (request.Headers.Cookie.Count == 0)
            return new(IdentificationResult.NotPresented);
        var (isPresent, key) = SessionCookie.Read(request.Context.Request);
        if (!isPresent || BearerToken.Read(request.Headers) is { Text: not null } or { Refusal.Refusal: not null })
            return new(IdentificationResult.NotPresented);
        if (key is not { } known)
            return new(Refuse(request.Context));
        return request.Context.RequestServices.GetService<SessionStore>() is { } sessions
            ? IdentifyAsync(sessions, known, request)
            : new(IdentificationResult.Unidentified("Sessions cannot be checked here: the store is not open. Present another credential."));
    }

    private async ValueTask<IdentificationResult> IdentifyAsync(SessionStore sessions, SessionKey key, IdentificationRequest request)
    {
        var identities = await sessions.FindAsync(key, request.Context.RequestAborted);
        if (identities.Count == 0)
            return Refuse(request.Context);
        // An operator's session says nothing about a tenant; the caller may be in a tenant's network.
        if (identities.Find(identity => identity.Role == SessionRole.Tenant) is not { } signedIn)
            return IdentificationResult.NotPresented;
        if (FindTenant(request.Snapshot, signedIn) is { } tenant)
            return new Caller(tenant, Name) { Subject = signedIn.Person };
        var directory = request.Context.RequestServices.GetRequiredService<TenantDirectory>();
        // The time first: the file may be replaced between the two looks.
        if (!signedIn.CanBeEndedBy(directory.LoadedAt) || FindTenant(directory.Current, signedIn) is not null)
            return IdentificationResult.Unidentified(NotKnownYet);
        await sessions.EndAsync(key, SessionRole.Tenant, request.Context.RequestAborted);
        return identities.Count > 1 ? IdentificationResult.Unidentified(EndedForTenant) : Refuse(request.Context);
    }

    /// <returns>Null: the tenant, or what identified it, was removed from the tenants file.</returns>
    private static Tenant? FindTenant(TenantSnapshot snapshot, SessionIdentity signedIn)
    {
        var tenant =
            signedIn.TokenDigest is { } digest ? TokenIdentification.FindDigest(snapshot, Convert.FromHexString(digest))?.Tenant
            : signedIn.Claim is { } claim ? JwtTenants.FindTenant(snapshot, new TokenClaim(claim.Name, claim.Value))
            : null;
        return tenant?.Id == signedIn.Name ? tenant : null;
    }

    private static IdentificationResult Refuse(HttpContext context)
    {
        SessionCookie.Clear(context);
        return IdentificationResult.Unidentified(Ended);
    }
}
