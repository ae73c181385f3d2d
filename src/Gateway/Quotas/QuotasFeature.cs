using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Quotas;

/// <summary>How much a tenant may do, and what it has done.</summary>
internal static class QuotasFeature
{
    public static void AddQuotas(this IServiceCollection services, QuotaOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(provider =>
        {
            var tenants = provider.GetRequiredService<TenantDirectory>();
            return new QuotaLedger(
                provider.GetRequiredService<Database>(),
                options,
                () => tenants.Current.Organization,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<QuotaLedger>>()
            );
        });
        services.AddHostedService(provider => provider.GetRequiredService<QuotaLedger>());
        services.Configure<ApiDocumentation>(QuotasDocumentation.Describe);
        services.AddHealthChecks().AddCheck<StoreHealth>("store");
    }

    /// <summary>Before identification.</summary>
    public static void UseQuotaHeaders(this IApplicationBuilder app) => app.UseMiddleware<RateLimitMiddleware>();

    public static void MapQuotas(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/usage", UsageEndpoint.Get)
            .WithTags("Usage")
            .WithSummary("See who you are to the gateway, what is left, and what was spent")
            .Produces<UsageReport>()
            .ProducesProblems(
                ProblemTypes.Unidentified,
                ProblemTypes.Suspended,
                ProblemTypes.HostNotAllowed,
                ProblemTypes.StoreUnavailable
            );
}
