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
        services.Configure<ApiDocumentation>(AdminDocumentation.Describe);
        // Also without a token file: suspensions stay in force.
        services.AddHostedService(provider => provider.GetRequiredService<Suspensions>());
    }

    /// <summary>
    /// Must come after routing, so that metrics and logs have the route, and before anything reads the request.
    /// </summary>
    public static void UseAdmin(this IApplicationBuilder app) => app.UseMiddleware<AdminAuthorization>();

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var tenants = services.GetRequiredService<TenantEndpoints>();
        var generations = services.GetRequiredService<AdminGenerationEndpoints>();
        var admin = routes.MapGroup("/admin").WithTags("Admin").WithMetadata(new AllowAnonymousTenant());

        Document(admin.MapGet("/tenants", tenants.ListAsync), "List the tenants with their policies and quotas").Produces<AdminTenants>();
        Document(admin.MapGet("/tenants/{id}", tenants.GetAsync), "See one tenant: the policy in force, its quotas and what was charged")
            .Produces<AdminTenant>();
        DocumentChange(
                admin.MapPost("/tenants/{id}/suspend", tenants.SuspendAsync),
                "Suspend a tenant: refuse all its requests until it is resumed"
            )
            .Accepts<OptionalReasonBody>(isOptional: true, "application/json")
            .Produces<AdminTenant>();
        DocumentChange(admin.MapPost("/tenants/{id}/resume", tenants.ResumeAsync), "Resume a suspended tenant")
            .Accepts<OptionalReasonBody>(isOptional: true, "application/json")
            .Produces<AdminTenant>();
        DocumentChange(admin.MapPost("/tenants/{id}/grants", tenants.AddGrantAsync), "Raise a limit for the current period")
            .Accepts<GrantBody>("application/json")
            .Produces<AdminTenant>();
        Document(
                admin.MapGet("/usage", services.GetRequiredService<AdminUsageEndpoint>().GetAsync),
                "See what was charged, by tenant and day; as CSV with Accept: text/csv"
            )
            .Produces<AdminUsage>(StatusCodes.Status200OK, "application/json", "text/csv")
            .ProducesProblems(ProblemTypes.Validation);
        Document(admin.MapGet("/generations", generations.ListAsync), "List reservations: held, settled, released, unknown")
            .Produces<AdminGenerations>()
            .ProducesProblems(ProblemTypes.Validation);
        DocumentChange(
                admin.MapPost("/generations/{reservationId}/release", generations.ReleaseAsync),
                "Release an unknown outcome: no generation was made, and it is not charged"
            )
            .Accepts<ReasonBody>("application/json")
            .Produces<AdminGeneration>()
            .ProducesProblems(ProblemTypes.NotUnknown);
        DocumentChange(
                admin.MapPost("/generations/{reservationId}/settle", generations.SettleAsync),
                "Settle an unknown outcome: it is charged, whether or not its generation was found"
            )
            .Accepts<SettleBody>("application/json")
            .Produces<AdminGeneration>()
            .ProducesProblems(ProblemTypes.NotUnknown);
        Document(
                admin.MapGet("/upstream", services.GetRequiredService<UpstreamEndpoint>().GetAsync),
                "See the key, the balance, the slots, the queue and the price ratios"
            )
            .Produces<AdminUpstream>();
        DocumentChange(
                admin.MapPost("/models/{id}/price-ratio/reset", services.GetRequiredService<PriceRatioEndpoint>().ResetAsync),
                "Reserve the computed price of a model again, whatever was stated in the last 24 hours"
            )
            .Accepts<ReasonBody>("application/json")
            .Produces<AdminPriceRatio>();
        Document(admin.MapGet("/audit", services.GetRequiredService<AuditEndpoint>().GetAsync), "List the changes that operators made")
            .Produces<AdminAudit>()
            .ProducesProblems(ProblemTypes.Validation);
    }

    private static RouteHandlerBuilder Document(RouteHandlerBuilder route, string summary) =>
        route
            .WithSummary(summary)
            .ProducesProblems(
                ProblemTypes.Unidentified,
                ProblemTypes.NotFound,
                ProblemTypes.TooManyAttempts,
                ProblemTypes.QuotaExceeded,
                ProblemTypes.StoreUnavailable
            );

    private static RouteHandlerBuilder DocumentChange(RouteHandlerBuilder route, string summary) =>
        Document(route, summary)
            .ProducesProblems(
                ProblemTypes.MalformedRequest,
                ProblemTypes.Validation,
                ProblemTypes.TooLarge,
                ProblemTypes.UnsupportedMediaType
            );
}
