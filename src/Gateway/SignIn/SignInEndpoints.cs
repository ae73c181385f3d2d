using System.Text.Json;
using Gateway.Admin;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Tenants.Identification.Jwt;
using Gateway.Tenants.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Gateway.SignIn;

/// <summary>
/// <c>/signin</c> and its callback: a person signs in at the organisation's issuer and gets a session.
/// </summary>
internal sealed partial class SignInEndpoints(
    OidcSignIn issuer,
    OidcKeys keys,
    SignInOptions options,
    SessionStore sessions,
    OperatorSessions operators,
    TenantDirectory directory,
    PublicUrl publicUrl,
    TimeProvider time,
    ILogger<SignInEndpoints> log
)
{
    public const string Path = "/signin";

    private readonly JwtValidator _tokens = new(keys, [options.ClientId!], time);

    /// <param name="returnUrl">A path of the gateway, to which the browser goes afterwards.</param>
    /// <param name="tenant">Where several fit: which one.</param>
    public async Task<IResult> StartAsync(HttpContext context, string[]? returnUrl = null, string? tenant = null)
    {
        SignInPage.Use(context);
        var prefix = publicUrl.GetAddress(context).Prefix;
        var path = returnUrl switch
        {
            null or [] => prefix + "/",
            [var one] => ReturnPath.Parse(one, prefix),
            _ => null,
        };
        if (path is null)
            return new Problem(ProblemTypes.Validation, "returnUrl must be a path of this gateway, such as /. Nobody was signed in.")
            {
                Errors = [new Violation("#/returnUrl", "local-path", "must be one path of this gateway, beginning with one slash")],
            };
        try
        {
            await issuer.ChallengeAsync(context, path, tenant);
        }
        catch (Exception failure) when (IsFailureOfIssuer(failure, context))
        {
            Log.IssuerUnavailable(log, failure);
            return Unavailable;
        }
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Empty;
    }

    public async Task<IResult> FinishAsync(HttpContext context, CancellationToken cancellationToken)
    {
        SignInPage.Use(context);
        context.Response.Headers.CacheControl = "no-store";
        var reply = await issuer.ReceiveAsync(context);
        if (reply is { Accepted: { } accepted, ReturnPath: { } path } && accepted.GetTokenValue("id_token") is { } token)
            return await SignInAsync(context, accepted, path, token, cancellationToken);
        if (reply.IsOutage)
        {
            Log.IssuerUnavailable(log, reply.Failure!);
            return Unavailable;
        }
        Log.NotSignedIn(log, reply.Failure?.GetType().Name ?? "no reply of the issuer");
        return SignInAgain(
            "The issuer did not sign you in: it was cancelled or refused, it took too long, or it was begun in another browser."
        );
    }

    private async Task<IResult> SignInAsync(
        HttpContext context,
        AuthenticationProperties accepted,
        string returnPath,
        string token,
        CancellationToken cancellationToken
    )
    {
        var (claims, refusal) = await _tokens.ValidateAsync(token, cancellationToken);
        if (refusal?.Refusal is { } refused)
        {
            Log.NotSignedIn(log, refused.Detail);
            return refused.Type == ProblemTypes.IdentityUnavailable ? Unavailable : SignInAgain("The issuer's token is not valid here.");
        }
        var chosen = accepted.Items.TryGetValue(OidcSignIn.TenantItem, out var item) ? item : null;
        var snapshot = directory.Current;
        var tenants = JwtTenants.Find(snapshot, claims).Values.Select(found => found.Caller.Tenant).ToList();
        var signedIn = operators.FindOperator(claims);
        if (tenants.Count == 0 && signedIn is null)
            return NoTenant(claims);
        var tenant = chosen is null && tenants is [var only] ? only : tenants.Find(one => one.Id == chosen);
        if (tenant is null && (tenants.Count > 0 || chosen is not null))
            return OfferChoice(context, tenants, chosen, returnPath);
        SessionIdentity?[] roles =
        [
            tenant is null ? null : TokenSignIn.FromClaims(snapshot, tenant.Id, claims, time.GetUtcNow()),
            signedIn,
        ];
        // Another person may have been signed in before: nothing of theirs goes on.
        byte[][] previous = [.. SessionCookie.FindDigests(context.Request), .. OidcSignIn.FindPrevious(accepted)];
        SessionCookie.Write(
            context,
            await sessions.CreateAsync(previous, keepsOtherRole: false, [.. roles.OfType<SessionIdentity>()], cancellationToken)
        );
        return TypedResults.LocalRedirect(returnPath);
    }

    private static Problem NoTenant(JsonElement claims) =>
        new(
            ProblemTypes.Policy,
            TokenClaims.FindLeftOut(claims) is { } groups
                ? $"You are signed in at the issuer, but it left {groups} out of its token because there are too many, so no tenant is known. "
                    + "Ask the operator to have the issuer put only the groups of this application, or application roles, into the token."
                : "You are signed in at the issuer, but no tenant of this gateway is known by your account. Ask the operator to add one of its claims to identify.jwt in the tenants file."
        );

    /// <param name="tenants">Those of the person; none: an operator of no tenant.</param>
    /// <param name="chosen">None of them; null: nothing was chosen among several.</param>
    private static Problem OfferChoice(HttpContext context, List<Tenant> tenants, string? chosen, string returnPath)
    {
        var back = "returnUrl=" + Uri.EscapeDataString(returnPath);
        if (tenants.Count == 0)
        {
            SignInPage.Offer(context, [("Continue as an operator", $"signin?{back}")]);
            return new Problem(
                ProblemTypes.Policy,
                "Your account is an operator's and belongs to no tenant, so not to the one that ?tenant= names. Nobody was signed in. Leave ?tenant= out at /signin."
            );
        }
        SignInPage.Offer(context, [.. tenants.Select(tenant => ($"Continue as {tenant.Name}", $"signin?tenant={tenant.Id}&{back}"))]);
        var ids = string.Join(", ", tenants.Select(tenant => tenant.Id));
        return new Problem(
            ProblemTypes.Policy,
            chosen is null
                ? $"Your account belongs to several tenants: {ids}. Choose one with ?tenant= at /signin."
                : $"Your account does not belong to the tenant that ?tenant= names, but to: {ids}. Nobody was signed in. Choose one with ?tenant= at /signin."
        );
    }

    private static Problem SignInAgain(string what) =>
        new(ProblemTypes.Unidentified, $"{what} Nothing was changed. Please sign in again.") { Authenticate = "Bearer realm=\"gateway\"" };

    private Problem Unavailable => IdentificationResult.Unavailable(keys.SecondsToNextAttempt).Refusal!;

    private static bool IsFailureOfIssuer(Exception failure, HttpContext context) =>
        failure is HttpRequestException or OperationCanceledException or OpenIdConnectProtocolException
        && !context.RequestAborted.IsCancellationRequested;

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "A sign-in failed: the identity provider does not answer, or its discovery document names no endpoints for it. Nobody was signed in; check Identification:Oidc:Authority and the network"
        )]
        public static partial void IssuerUnavailable(ILogger logger, Exception exception);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "A sign-in was refused or broken off ({Reason}): nobody was signed in. If every one is, check SignIn:ClientId, SignIn:ClientSecretFile and the redirect address that the issuer allows"
        )]
        public static partial void NotSignedIn(ILogger logger, string reason);
    }
}
