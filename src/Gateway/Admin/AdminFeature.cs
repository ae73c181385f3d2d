using Gateway.Admin.SetUp;
using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;

namespace Gateway.Admin;

/// <summary>The operators' API, behind tokens of its own (docs/api.md).</summary>
internal static class AdminFeature
{
    public static void AddAdmin(this IServiceCollection services, Settings settings, IHostEnvironment environment)
    {
        services.AddSingleton(AdminOptions.Read(settings, environment.ContentRootPath));
        services.AddSingleton<AdminTokens>();
        services.AddSingleton<FailedAttempts>();
        services.AddSingleton<OperatorSessions>();
        services.AddSingleton<OperatorSessionEndpoints>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<Suspensions>();
        services.AddSingleton<TenantEndpoints>();
        services.AddSingleton<UsageReader>();
        services.AddSingleton<AdminUsageEndpoint>();
        services.AddSingleton<ReservationReader>();
        services.AddSingleton<AdminGenerationEndpoints>();
        services.AddSingleton<PriceRatioEndpoint>();
        services.AddSingleton<UpstreamEndpoint>();
        services.AddSingleton<AuditEndpoint>();
        services.AddSetUp();
        services.Configure<ApiDocumentation>(AdminDocumentation.Describe);
        // Also where /admin is not served: suspensions stay in force.
        services.AddHostedService(provider => provider.GetRequiredService<Suspensions>());
    }

    /// <summary>
    /// Must come after routing, so that metrics and logs have the route, and before anything reads the request.
    /// </summary>
    public static void UseAdmin(this IApplicationBuilder app) => app.UseMiddleware<AdminAuthorization>();

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var admin = routes.MapGroup("/admin").WithTags("Admin").WithMetadata(new AllowAnonymousTenant());

        MapSessions(admin, services.GetRequiredService<OperatorSessionEndpoints>());
        MapTenants(admin, services.GetRequiredService<TenantEndpoints>());
        admin.MapSetUp(services);
        MapGenerations(admin, services.GetRequiredService<AdminGenerationEndpoints>());
        Document(
                admin.MapGet("/usage", services.GetRequiredService<AdminUsageEndpoint>().GetAsync),
                "reportUsage",
                "Report what was charged",
                "By tenant and UTC day; as CSV with `Accept: text/csv`."
            )
            .Produces<AdminUsage>(StatusCodes.Status200OK, "application/json", "text/csv")
            .ProducesProblems(ProblemTypes.Validation);
        Document(
                admin.MapGet("/upstream", services.GetRequiredService<UpstreamEndpoint>().GetAsync),
                "getUpstream",
                "Get the state of the upstream",
                "The key in use, the balance, the slots, the queue, the price ratios and the last errors."
            )
            .Produces<AdminUpstream>();
        DocumentChange(
                admin.MapPost("/models/{id}/price-ratio/reset", services.GetRequiredService<PriceRatioEndpoint>().ResetAsync),
                "resetPriceRatio",
                "Reset the price ratio of a model",
                "From then on its computed price is reserved again, whatever was stated in the last 24 hours."
            )
            .Accepts<ReasonBody>("application/json")
            .Produces<AdminPriceRatio>();
        Document(
                admin.MapGet("/audit", services.GetRequiredService<AuditEndpoint>().GetAsync),
                "listAuditLines",
                "List the changes that operators made",
                "Newest first: who, when, why."
            )
            .Produces<AdminAudit>()
            .ProducesProblems(ProblemTypes.Validation);
    }

    private static void MapSessions(RouteGroupBuilder admin, OperatorSessionEndpoints sessions)
    {
        Document(
                admin.MapPost("/session", sessions.CreateAsync),
                "createOperatorSession",
                "Sign in to the console as an operator",
                "Sets the cookie `gateway_session`, which then takes the place of the token. It lasts at most twelve hours, and ends when the token is removed. For browsers; programs send the token."
            )
            .Produces(StatusCodes.Status204NoContent);
        Document(
                admin.MapDelete("/session", sessions.DeleteAsync),
                "deleteOperatorSession",
                "Sign out",
                "Ends the session of the cookie at once, on every replica."
            )
            .Produces(StatusCodes.Status204NoContent);
    }

    private static void MapTenants(RouteGroupBuilder admin, TenantEndpoints tenants)
    {
        Document(
                admin.MapGet("/tenants", tenants.ListAsync),
                "listTenants",
                "List the tenants",
                "With their policies in force and their quotas."
            )
            .Produces<AdminTenants>();
        Document(
                admin.MapGet("/tenants/{id}", tenants.GetAsync),
                "getTenant",
                "Get a tenant",
                "The policy in force, its quotas, and what was charged."
            )
            .Produces<AdminTenant>();
        DocumentChange(
                admin.MapPost("/tenants/{id}/suspend", tenants.SuspendAsync),
                "suspendTenant",
                "Suspend a tenant",
                "All its requests are refused until it is resumed."
            )
            .Accepts<OptionalReasonBody>(isOptional: true, "application/json")
            .Produces<AdminTenant>();
        DocumentChange(
                admin.MapPost("/tenants/{id}/resume", tenants.ResumeAsync),
                "resumeTenant",
                "Resume a suspended tenant",
                "Its requests are answered again."
            )
            .Accepts<OptionalReasonBody>(isOptional: true, "application/json")
            .Produces<AdminTenant>();
        DocumentChange(
                admin.MapPost("/tenants/{id}/grants", tenants.AddGrantAsync),
                "grantQuota",
                "Raise a limit for the current period",
                "The amount is added to the limit of the tenants file until the day or month ends."
            )
            .Accepts<GrantBody>("application/json")
            .Produces<AdminTenant>();
    }

    private static void MapGenerations(RouteGroupBuilder admin, AdminGenerationEndpoints generations)
    {
        Document(
                admin.MapGet("/generations", generations.ListAsync),
                "listReservations",
                "List reservations",
                "What is held, settled, released or unknown, newest first."
            )
            .Produces<AdminGenerations>()
            .ProducesProblems(ProblemTypes.Validation);
        DocumentChange(
                admin.MapPost("/generations/{reservationId}/release", generations.ReleaseAsync),
                "releaseReservation",
                "Release an unknown outcome",
                "No generation was made, and it is not charged."
            )
            .Accepts<ReasonBody>("application/json")
            .Produces<AdminGeneration>()
            .ProducesProblems(ProblemTypes.NotUnknown);
        DocumentChange(
                admin.MapPost("/generations/{reservationId}/settle", generations.SettleAsync),
                "settleReservation",
                "Settle an unknown outcome",
                "It is charged, whether or not its generation was found."
            )
            .Accepts<SettleBody>("application/json")
            .Produces<AdminGeneration>()
            .ProducesProblems(ProblemTypes.NotUnknown);
    }

    private static RouteHandlerBuilder Document(RouteHandlerBuilder route, string id, string summary, string description) =>
        DescribeRoute(route, id, summary, description).ProducesProblems(ProblemTypes.StoreUnavailable);

    private static RouteHandlerBuilder DocumentChange(RouteHandlerBuilder route, string id, string summary, string description) =>
        DescribeBody(route, id, summary, description).ProducesProblems(ProblemTypes.StoreUnavailable);

    /// <summary>Of a route that needs no store itself.</summary>
    public static RouteHandlerBuilder DescribeRoute(RouteHandlerBuilder route, string id, string summary, string description) =>
        route
            .WithOperationId(id)
            .WithSummary(summary)
            .WithDescription(description)
            .ProducesProblems(
                ProblemTypes.Unidentified,
                ProblemTypes.CrossSite,
                ProblemTypes.NotFound,
                ProblemTypes.TooManyAttempts,
                ProblemTypes.QuotaExceeded
            );

    /// <summary>Of a route that takes a body, and needs no store itself.</summary>
    public static RouteHandlerBuilder DescribeBody(RouteHandlerBuilder route, string id, string summary, string description) =>
        DescribeRoute(route, id, summary, description)
            .ProducesProblems(
                ProblemTypes.MalformedRequest,
                ProblemTypes.Validation,
                ProblemTypes.TooLarge,
                ProblemTypes.UnsupportedMediaType
            );
}
