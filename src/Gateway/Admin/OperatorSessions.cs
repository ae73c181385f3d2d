using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Edge.Problems;
using Gateway.Tenants.Identification.Jwt;
using Gateway.Tenants.Sessions;

namespace Gateway.Admin;

/// <summary>
/// Sessions of operators: made from a token of <c>Admin:TokenFile</c>, or from a sign-in at the issuer.
/// </summary>
internal sealed class OperatorSessions(SessionStore sessions, SignInRate rate, AdminTokens tokens, AdminOptions options, TimeProvider time)
{
    private const int MaxName = 100;

    /// <summary>Since when this replica has had its settings.</summary>
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    /// <returns>
    /// The operator that the session of the request identifies, if any; and whether the request has a cookie of a
    /// session that has ended.
    /// </returns>
    public async ValueTask<(Operator? Found, bool IsEnded)> FindAsync(HttpContext context)
    {
        var (isPresent, key) = SessionCookie.Read(context.Request);
        if (key is not { } known)
            return (null, isPresent);
        var identities = await sessions.FindAsync(known, context.RequestAborted);
        if (identities.Find(identity => identity.Role == SessionRole.Operator) is not { } signedIn)
            return (null, identities.Count == 0);
        if (IsInForce(signedIn))
            return (new Operator(signedIn.Name, Token: null), false);
        // The time first: the file may be replaced between the two looks.
        if (!signedIn.CanBeEndedBy(signedIn.TokenDigest is null ? _startedAt : tokens.LoadedAt) || IsInForce(signedIn))
            return (null, false);
        await sessions.EndAsync(known, SessionRole.Operator, context.RequestAborted);
        return (null, identities.Count == 1);
    }

    /// <summary>Signs the operator in whose token the request presents, and adds the cookie to the answer.</summary>
    /// <returns>Null: it is done.</returns>
    public async Task<Problem?> CreateAsync(HttpContext context, AdminToken token, CancellationToken cancellationToken)
    {
        if (rate.Count(SessionRole.Operator, token.Operator) is { } refusal)
            return refusal;
        var identity = new SessionIdentity(
            SessionRole.Operator,
            token.Operator,
            Convert.ToHexStringLower(token.Digest),
            Claim: null,
            Person: null,
            SessionIdentity.GetExpiry(SessionRole.Operator, time.GetUtcNow())
        );
        SessionCookie.Write(
            context,
            await sessions.CreateAsync(SessionCookie.FindDigests(context.Request), keepsOtherRole: true, [identity], cancellationToken)
        );
        return null;
    }

    /// <param name="claims">Of a valid JWT.</param>
    /// <returns>The operator that they belong to; null: none.</returns>
    public SessionIdentity? FindOperator(JsonElement claims)
    {
        if (options.Claim is not { } claim || !TokenClaims.FindValues(claims, claim.Name).Contains(claim.Value, StringComparer.Ordinal))
            return null;
        var subject = TokenClaims.FindText(claims, "sub") ?? "";
        var name = TokenClaims.FindText(claims, "preferred_username") ?? TokenClaims.FindText(claims, "email") ?? subject;
        // As for a token: names can be changed at the issuer, and the subject tells two equal ones apart.
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject)))[..8];
        return new SessionIdentity(
            SessionRole.Operator,
            $"{(name.Length > MaxName ? name[..MaxName] : name)} ({fingerprint})",
            TokenDigest: null,
            claim,
            TokenClaims.FindSubject(claims),
            SessionIdentity.GetExpiry(SessionRole.Operator, time.GetUtcNow(), TokenClaims.GetExpiry(claims))
        );
    }

    private bool IsInForce(SessionIdentity signedIn) =>
        signedIn.TokenDigest is { } digest
            ? tokens.Find(Convert.FromHexString(digest))?.Operator == signedIn.Name
            : signedIn.Claim is not null && signedIn.Claim == options.Claim;
}
