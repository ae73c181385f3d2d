using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Tenants.Sessions;

namespace Gateway.SignIn;

/// <summary>The console's sign-in: sessions that a browser keeps in a cookie (docs/api.md).</summary>
internal static class SignInFeature
{
    public static void AddSignIn(this IServiceCollection services, Settings settings, IHostEnvironment environment)
    {
        var options = SignInOptions.Read(settings, environment.ContentRootPath);
        services.AddSingleton(options);
        if (options.ClientId is not null)
        {
            services.AddSingleton<SignInKey>();
            services.AddSingleton<OidcSignIn>();
            services.AddSingleton<SignInEndpoints>();
        }
        services.AddSingleton<SessionStore>();
        services.AddSingleton<SignInRate>();
        services.AddSingleton<SessionEndpoints>();
        services.AddHostedService<SessionPruner>();
        services.Configure<ApiDocumentation>(SignInDocumentation.Describe);
    }

    /// <summary>Without <c>SignIn:ClientId</c> there are no such routes.</summary>
    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetService<SignInEndpoints>() is not { } endpoints)
            return;
        routes.MapGet(SignInEndpoints.Path, endpoints.StartAsync).WithMetadata(new AllowAnonymousTenant()).ExcludeFromDescription();
        routes.MapGet(OidcSignIn.CallbackPath, endpoints.FinishAsync).WithMetadata(new AllowAnonymousTenant()).ExcludeFromDescription();
    }

    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        var endpoints = routes.ServiceProvider.GetRequiredService<SessionEndpoints>();
        routes
            .MapPost("/v1/session", endpoints.CreateAsync)
            .WithMetadata(new AllowAnonymousTenant())
            .WithTags("Session")
            .WithOperationId("createSession")
            .WithSummary("Sign in to the console")
            .WithDescription(
                "Sets the cookie `gateway_session`, which then takes the place of the bearer token of this request: a gateway token, a JWT, or an operator's token. It ends when the token expires or is removed, and after seven days at the latest (an operator's: twelve hours). For browsers; programs send the token."
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(
                ProblemTypes.Unidentified,
                ProblemTypes.IdentityUnavailable,
                ProblemTypes.Suspended,
                ProblemTypes.CrossSite,
                ProblemTypes.QuotaExceeded,
                ProblemTypes.TooManyAttempts,
                ProblemTypes.StoreUnavailable
            );
        routes
            .MapGet("/v1/session", endpoints.GetAsync)
            .WithMetadata(new AllowAnonymousTenant())
            .WithTags("Session")
            .WithOperationId("getSession")
            .WithSummary("Get what the console can offer")
            .WithDescription(
                "Which operator is signed in, and whether people can sign in at the organisation's issuer. Needs no tenant; `GET /v1/usage` says which one is calling."
            )
            .Produces<SessionReport>()
            .ProducesProblems(ProblemTypes.QuotaExceeded, ProblemTypes.StoreUnavailable);
        routes
            .MapDelete("/v1/session", endpoints.DeleteAsync)
            .WithMetadata(new AllowAnonymousTenant())
            .WithTags("Session")
            .WithOperationId("deleteSession")
            .WithSummary("Sign out")
            .WithDescription(
                "Ends the session of the cookie at once, on every replica, and clears the cookie. Without a session it does nothing."
            )
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(ProblemTypes.CrossSite, ProblemTypes.QuotaExceeded, ProblemTypes.StoreUnavailable);
    }
}
