using System.Text.Json.Serialization;
using Gateway.Admin;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;
using Gateway.Edge.Rates;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Tenants.Sessions;

namespace Gateway.SignIn;

/// <summary>
/// <c>/v1/session</c>: the sign-in of a tenant, or of an operator, from the bearer token of the request.
/// </summary>
internal sealed class SessionEndpoints(
    SessionStore sessions,
    SignInRate rate,
    SignInOptions options,
    TenantDirectory directory,
    IdentificationOptions identification,
    TrustedProxies trustedProxies,
    PublicUrl publicUrl,
    AdminTokens adminTokens,
    OperatorSessions operators,
    FailedAttempts failed,
    ManagementOptions management,
    AnonymousRequests anonymous,
    TimeProvider time
)
{
    public async Task<IResult> CreateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        // A page of another site must not sign its reader in as somebody else.
        if (CrossSiteGuard.CheckPage(context, publicUrl, "session") is { } foreign)
            return foreign;
        var headers = context.Request.Headers;
        if (headers.Authorization.Count == 0)
            return NoToken;
        // First: an operator's token may be one that no tenant can have. With a management port, operators sign in
        // there.
        if (management.Port is null && adminTokens.Find(headers) is { } token)
            return await operators.CreateAsync(context, token, cancellationToken) ?? (IResult)TypedResults.NoContent();
        var bearer = BearerToken.Read(headers);
        return bearer.Text is null
            ? RefuseToken(context, bearer.Refusal.Refusal ?? NoToken)
            : await CreateForTenantAsync(context, cancellationToken);
    }

    public async Task<IResult> GetAsync(HttpRequest request)
    {
        var context = request.HttpContext;
        var (caller, isEnded) = await operators.FindAsync(context);
        if (isEnded)
            SessionCookie.Clear(context);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new SessionReport(caller?.Name, options.ClientId is not null), SessionJson.Default.SessionReport);
    }

    public async Task<IResult> DeleteAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (CrossSiteGuard.CheckPage(context, publicUrl, "session") is { } foreign)
            return foreign;
        if (SessionCookie.Read(context.Request).Key is { } key)
            await sessions.EndAsync(key, cancellationToken);
        SessionCookie.Clear(context);
        return TypedResults.NoContent();
    }

    private async Task<IResult> CreateForTenantAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var request = new IdentificationRequest(
            context,
            Peer.From(context, trustedProxies),
            directory.Current,
            identification,
            trustedProxies,
            publicUrl
        );
        var signIn = await TokenSignIn.ReadAsync(request, time.GetUtcNow());
        SessionIdentity?[] roles = [signIn.Identity, signIn.Claims is { } claims ? operators.FindOperator(claims) : null];
        List<SessionIdentity> identities = [.. roles.OfType<SessionIdentity>()];
        if (identities is not [var first, ..])
            return RefuseToken(context, signIn.Result.Refusal!);
        if (signIn.Result.Caller is { } caller)
        {
            context.Features.Set(caller);
            if (directory.IsSuspended(caller.Tenant.Id))
                return IdentificationResult.Suspended;
        }
        if (rate.Count(first.Role, first.Name) is { } tooMany)
            return tooMany;
        // The claims say all that the person is; a token says it of one role.
        SessionCookie.Write(
            context,
            await sessions.CreateAsync(
                SessionCookie.FindDigests(context.Request),
                keepsOtherRole: signIn.Claims is null,
                identities,
                cancellationToken
            )
        );
        return TypedResults.NoContent();
    }

    /// <summary>It may be a guess at an operator's token, for which this route is as good as <c>/admin</c>.</summary>
    private Problem RefuseToken(HttpContext context, Problem refusal) =>
        anonymous.Count(context) ?? (refusal.Type == ProblemTypes.Unidentified ? failed.Count(context) : null) ?? refusal;

    private static Problem NoToken =>
        new(
            ProblemTypes.Unidentified,
            "A session is made from a token: send a gateway token, or a JWT of the organisation's issuer, as Authorization: Bearer."
        )
        {
            Authenticate = "Bearer realm=\"gateway\"",
        };
}

/// <summary>What the console can offer: <c>GET /v1/usage</c> says which tenant is calling.</summary>
/// <param name="Operator">Who is signed in as an operator; null: nobody.</param>
/// <param name="SignIn">Whether people sign in at the organisation's issuer, by <c>/signin</c>.</param>
internal sealed record SessionReport(string? Operator, bool SignIn);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SessionReport))]
internal sealed partial class SessionJson : JsonSerializerContext;
