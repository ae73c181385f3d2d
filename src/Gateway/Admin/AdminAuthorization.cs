using System.Threading.RateLimiting;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;
using Gateway.Edge.Rates;
using Gateway.Tenants.Identification;
using Gateway.Tenants.Sessions;

namespace Gateway.Admin;

/// <summary>
/// Middleware in front of every <c>/admin</c> path, existing or not: where there can be no operator all answer 404,
/// else only operators pass.
/// </summary>
internal sealed class AdminAuthorization(
    RequestDelegate next,
    AdminOptions options,
    AdminTokens tokens,
    OperatorSessions sessions,
    FailedAttempts failed,
    PublicUrl publicUrl,
    AnonymousRequests anonymous
) : IDisposable
{
    private const string Policy = "admin-requests";

    /// <summary>
    /// More than a person or the console needs: a runaway script must not take the store from the tenants.
    /// </summary>
    private static readonly TokenBucketRateLimiterOptions Rate = new()
    {
        TokenLimit = 100,
        TokensPerPeriod = 20,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        AutoReplenishment = true,
        QueueLimit = 0,
    };

    private readonly PartitionedRateLimiter<string> _rate = PartitionedRateLimiter.Create<string, string>(name =>
        RateLimitPartition.GetTokenBucketLimiter(name, _ => Rate)
    );

    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/admin", StringComparison.OrdinalIgnoreCase))
            return next(context);
        if (!options.IsServed)
            return anonymous.RefuseAsync(context, new Problem(ProblemTypes.NotFound, "There is no such route."));
        var headers = context.Request.Headers;
        // As for tenants: a credential in the header decides alone.
        if (headers.Authorization.Count == 0)
            return FollowSessionAsync(context);
        return tokens.Find(headers) is { } known ? ContinueAsync(context, new Operator(known.Operator, known)) : RefuseTokenAsync(context);
    }

    private async Task FollowSessionAsync(HttpContext context)
    {
        var (found, isEnded) = await sessions.FindAsync(context);
        if (found is null)
            await RefuseAsync(context, isEnded);
        else if (CrossSiteGuard.CheckPage(context, publicUrl, "session") is { } refusal)
            await refusal.ExecuteAsync(context);
        else
            await ContinueAsync(context, found);
    }

    private Task ContinueAsync(HttpContext context, Operator caller)
    {
        context.Response.Headers.CacheControl = "no-store";
        bool isAcquired;
        using (var lease = _rate.AttemptAcquire(caller.Name))
            isAcquired = lease.IsAcquired;
        if (!isAcquired)
            return TooMany.ExecuteAsync(context);
        context.Features.Set(caller);
        // On the request, not the endpoint: routing chooses endpoints of its own for a wrong method or media type.
        context.Features.Set(new AllowAnonymousTenant());
        return next(context);
    }

    private Task RefuseTokenAsync(HttpContext context)
    {
        if (failed.Count(context) is { } blocked)
            return anonymous.RefuseAsync(context, blocked);
        var refusal = new Problem(
            ProblemTypes.Unidentified,
            "The token is not one of Admin:TokenFile. Repeated attempts block this address for a minute."
        )
        {
            Authenticate = "Bearer realm=\"admin\", error=\"invalid_token\"",
        };
        return anonymous.RefuseAsync(context, refusal);
    }

    private Task RefuseAsync(HttpContext context, bool isEnded)
    {
        if (failed.FindBlock(context) is { } blocked)
            return anonymous.RefuseAsync(context, blocked);
        if (isEnded)
            SessionCookie.Clear(context);
        var refusal = new Problem(
            ProblemTypes.Unidentified,
            isEnded
                ? SessionIdentification.Ended
                : "This route is for operators: send a token of Admin:TokenFile as Authorization: Bearer, or sign in as an operator."
        )
        {
            Authenticate = "Bearer realm=\"admin\"",
        };
        return anonymous.RefuseAsync(context, refusal);
    }

    private static Problem TooMany =>
        new(
            ProblemTypes.QuotaExceeded,
            "An operator may send 20 requests a second, and 100 at once. No tenant's quota was used; try again in a second."
        )
        {
            ViolatedPolicies = [Policy],
            RetryAfter = 1,
        };

    public void Dispose() => _rate.Dispose();
}
