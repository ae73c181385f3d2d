using System.Threading.RateLimiting;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;

namespace Gateway.Admin;

/// <summary>Middleware in front of all of <c>/admin</c>, before it is looked at what is there: without a token file nothing is; with one, only for operators.</summary>
internal sealed class AdminAuthorization(
    RequestDelegate next,
    AdminOptions options,
    AdminTokens tokens,
    FailedAttempts failed,
    TrustedProxies trustedProxies,
    ILogger<AdminAuthorization> log
) : IDisposable
{
    private const string Scheme = "Bearer ";
    private const string Policy = "admin-requests";

    /// <summary>More than a person or a console needs: a script gone wild must not keep the store from those who make images.</summary>
    private static readonly TokenBucketRateLimiterOptions Rate = new()
    {
        TokenLimit = 100,
        TokensPerPeriod = 20,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        AutoReplenishment = true,
        QueueLimit = 0,
    };

    private readonly PartitionedRateLimiter<string> _rate = PartitionedRateLimiter.Create<string, string>(who =>
        RateLimitPartition.GetTokenBucketLimiter(who, _ => Rate)
    );

    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/admin", StringComparison.OrdinalIgnoreCase))
            return next(context);
        if (options.TokenFile is null)
            return new Problem(ProblemTypes.NotFound, "There is no such route.").ExecuteAsync(context);
        // Behind a trusted proxy, whom it speaks for: one who guesses must not lock all others out.
        var address = Peer.From(context, trustedProxies).CallerAddress(context, trustedProxies);
        if (failed.Blocked(address) is { } seconds)
            return new Problem(ProblemTypes.TooManyAttempts, "Too many bad tokens came from this address.")
            {
                RetryAfter = seconds,
            }.ExecuteAsync(context);
        var given = context.Request.Headers.Authorization;
        var token = given is [{ } one] && one.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? one[Scheme.Length..].Trim() : null;
        if (token is not null && tokens.Find(token) is { } who)
        {
            context.Response.Headers.CacheControl = "no-store";
            bool isAcquired;
            using (var lease = _rate.AttemptAcquire(who))
                isAcquired = lease.IsAcquired;
            if (!isAcquired)
                return TooMany.ExecuteAsync(context);
            context.Features.Set(new Operator(who));
            // Whatever endpoint was chosen: routing has its own for a method or a media type that does not fit.
            context.Features.Set(new AllowAnonymousTenant());
            return next(context);
        }
        if (given.Count > 0)
        {
            failed.Add(address);
            log.LogWarning("A bad token was presented to /admin from {Address}", address);
        }
        return new Problem(
            ProblemTypes.Unidentified,
            given.Count == 0
                ? "This route is for operators: present a token of Admin:TokenFile as Authorization: Bearer."
                : "The token is not one of Admin:TokenFile."
        )
        {
            Authenticate = given.Count == 0 ? "Bearer realm=\"admin\"" : "Bearer realm=\"admin\", error=\"invalid_token\"",
        }.ExecuteAsync(context);
    }

    public void Dispose() => _rate.Dispose();

    private static Problem TooMany =>
        new(ProblemTypes.QuotaExceeded, "An operator may ask 20 times a second, and 100 times at once. No tenant's quota was touched.")
        {
            ViolatedPolicies = [Policy],
            RetryAfter = 1,
        };
}

/// <summary>Who is asking, as the audit shows it.</summary>
internal sealed record Operator(string Who)
{
    /// <summary>Binds the parameter of a minimal-API handler.</summary>
    public static ValueTask<Operator?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Operator>());
}
