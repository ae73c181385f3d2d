using System.Net;
using System.Threading.RateLimiting;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Edge.Rates;

namespace Gateway.Admin;

/// <summary>
/// Middleware in front of every <c>/admin</c> path, existing or not: without a token file all answer 404, with one
/// only operators pass.
/// </summary>
internal sealed partial class AdminAuthorization(
    RequestDelegate next,
    AdminOptions options,
    AdminTokens tokens,
    FailedAttempts failed,
    TrustedProxies trustedProxies,
    AnonymousRequests anonymous,
    ILogger<AdminAuthorization> log
) : IDisposable
{
    private const string Scheme = "Bearer ";
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
        if (options.TokenFile is null)
            return anonymous.RefuseAsync(context, new Problem(ProblemTypes.NotFound, "There is no such route."));
        var authorization = context.Request.Headers.Authorization;
        var token =
            authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? header[Scheme.Length..].Trim()
                : null;
        if (token is not null && tokens.Find(token) is { } name)
        {
            context.Response.Headers.CacheControl = "no-store";
            bool isAcquired;
            using (var lease = _rate.AttemptAcquire(name))
                isAcquired = lease.IsAcquired;
            if (!isAcquired)
                return TooMany.ExecuteAsync(context);
            context.Features.Set(new Operator(name));
            // On the request, not the endpoint: routing chooses endpoints of its own for a wrong method or media type.
            context.Features.Set(new AllowAnonymousTenant());
            return next(context);
        }
        // Behind a trusted proxy, the client's address: one client's guessing must not block all others. A valid token
        // passes even where somebody else guesses.
        var address = Peer.From(context, trustedProxies).CallerAddress(context, trustedProxies);
        if (failed.GetBlockedSeconds(address) is { } seconds)
            return anonymous.RefuseAsync(
                context,
                new Problem(
                    ProblemTypes.TooManyAttempts,
                    "Too many invalid tokens came from this address. Wait for Retry-After seconds, then use a valid token."
                )
                {
                    RetryAfter = seconds,
                }
            );
        if (authorization.Count > 0)
        {
            failed.Add(address);
            Log.InvalidToken(log, address);
        }
        var refusal = new Problem(
            ProblemTypes.Unidentified,
            authorization.Count == 0
                ? "This route is for operators: send a token of Admin:TokenFile as Authorization: Bearer."
                : "The token is not one of Admin:TokenFile. Repeated attempts block this address for a minute."
        )
        {
            Authenticate = authorization.Count == 0 ? "Bearer realm=\"admin\"" : "Bearer realm=\"admin\", error=\"invalid_token\"",
        };
        return anonymous.RefuseAsync(context, refusal);
    }

    public void Dispose() => _rate.Dispose();

    private static Problem TooMany =>
        new(
            ProblemTypes.QuotaExceeded,
            "An operator may send 20 requests a second, and 100 at once. No tenant's quota was used; try again in a second."
        )
        {
            ViolatedPolicies = [Policy],
            RetryAfter = 1,
        };

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "An invalid token was sent to /admin from {Address}: it was refused; after ten in a minute the address is blocked"
        )]
        public static partial void InvalidToken(ILogger logger, IPAddress? address);
    }
}
