using System.Data.Common;
using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;

namespace Gateway.Admin;

/// <summary>What operators see and change, behind tokens of their own (contract, section 6).</summary>
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
        services.AddSingleton<AdminUsageEndpoint>();
        services.AddSingleton<AdminGenerationEndpoints>();
        services.AddSingleton<UpstreamEndpoint>();
        services.AddSingleton<AuditEndpoint>();
        services.Configure<ApiDocumentation>(AdminDocumentation.Describe);
        // Also without /admin: what was decided stays in force.
        services.AddHostedService(provider => provider.GetRequiredService<Suspensions>());
    }

    /// <summary>After routing, so that what is counted and logged has its route; before anything that reads the request.</summary>
    public static void UseAdmin(this IApplicationBuilder app) => app.UseMiddleware<AdminAuthorization>();

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var tenants = services.GetRequiredService<TenantEndpoints>();
        var generations = services.GetRequiredService<AdminGenerationEndpoints>();
        var admin = routes.MapGroup("/admin").WithTags("Admin").WithMetadata(new AllowAnonymousTenant());
        admin.AddEndpointFilter(AnswerStoreFaults);

        Document(admin.MapGet("/tenants", tenants.List), "List the tenants, their policies and quotas").Produces<AdminTenants>();
        Document(admin.MapGet("/tenants/{id}", tenants.Get), "See one tenant: policy in force, quotas, what was charged")
            .Produces<AdminTenant>();
        Changes(admin.MapPost("/tenants/{id}/suspend", tenants.Suspend), "Refuse everything to a tenant until it is resumed")
            .Accepts<OptionalReasonBody>(isOptional: true, "application/json")
            .Produces<AdminTenant>();
        Changes(admin.MapPost("/tenants/{id}/resume", tenants.Resume), "Let a suspended tenant work again")
            .Accepts<OptionalReasonBody>(isOptional: true, "application/json")
            .Produces<AdminTenant>();
        Changes(admin.MapPost("/tenants/{id}/grants", tenants.AddGrant), "Raise a limit for the running period")
            .Accepts<GrantBody>("application/json")
            .Produces<AdminTenant>();
        Document(
                admin.MapGet("/usage", services.GetRequiredService<AdminUsageEndpoint>().Get),
                "See what was charged, by tenant and day; CSV with Accept: text/csv"
            )
            .Produces<AdminUsage>(StatusCodes.Status200OK, "application/json", "text/csv")
            .ProducesProblems(ProblemTypes.Validation);
        Document(admin.MapGet("/generations", generations.List), "See what is held, settled, released, unknown")
            .Produces<AdminGenerations>()
            .ProducesProblems(ProblemTypes.Validation);
        Changes(
                admin.MapPost("/generations/{reservationId}/release", generations.Release),
                "End an unknown outcome: it made no generation, and is not charged"
            )
            .Accepts<ReasonBody>("application/json")
            .Produces<AdminGeneration>()
            .ProducesProblems(ProblemTypes.NotUnknown);
        Changes(
                admin.MapPost("/generations/{reservationId}/settle", generations.Settle),
                "End an unknown outcome: it is charged, with or without a generation found for it"
            )
            .Accepts<SettleBody>("application/json")
            .Produces<AdminGeneration>()
            .ProducesProblems(ProblemTypes.NotUnknown);
        Document(
                admin.MapGet("/upstream", services.GetRequiredService<UpstreamEndpoint>().Get),
                "See the key, the balance, the slots, the queue"
            )
            .Produces<AdminUpstream>();
        Document(admin.MapGet("/audit", services.GetRequiredService<AuditEndpoint>().Get), "See every change that was made here")
            .Produces<AdminAudit>()
            .ProducesProblems(ProblemTypes.Validation);
    }

    private static async ValueTask<object?> AnswerStoreFaults(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Exception away)
            when (away is DbException or TimeoutException or (IOException and not BadHttpRequestException)
                && !context.HttpContext.Response.HasStarted
            )
        {
            return AdminBody.StoreAway();
        }
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

    private static RouteHandlerBuilder Changes(RouteHandlerBuilder route, string summary) =>
        Document(route, summary)
            .ProducesProblems(
                ProblemTypes.MalformedRequest,
                ProblemTypes.Validation,
                ProblemTypes.TooLarge,
                ProblemTypes.UnsupportedMediaType
            );
}
