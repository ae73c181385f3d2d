using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Quotas;

/// <summary>The quota ledger's service, <c>GET /v1/usage</c> and the rate-limit headers.</summary>
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
                tenant => tenants.Current.Tenants.GetValueOrDefault(tenant)?.Weight ?? 1,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<QuotaLedger>>()
            );
        });
        services.AddSingleton(provider => provider.GetRequiredService<QuotaLedger>().Recovered);
        services.AddSingleton<PriceRatioRepository>();
        services.AddSingleton<TenantStreams>();
        services.AddSingleton<TenantRates>();
        services.AddSingleton<TenantBounds>();
        services.AddHostedService(provider => provider.GetRequiredService<QuotaLedger>());
        services.Configure<ApiDocumentation>(QuotasDocumentation.Describe);
        services.AddHealthChecks().AddCheck<StoreHealth>("store");
    }

    /// <summary>Must come before identification, which can answer a tenant itself.</summary>
    public static void UseQuotaHeaders(this IApplicationBuilder app) => app.UseMiddleware<RateLimitMiddleware>();

    public static void MapQuotas(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/usage", UsageEndpoint.GetAsync)
            .WithTags("Usage")
            .WithOperationId("getUsage")
            .WithSummary("Get your usage")
            .WithDescription("Which tenant the caller is taken for and why, what is left of its quotas, and what was charged.")
            .Produces<UsageReport>()
            .ProducesProblems([.. CallerProblems.All, ProblemTypes.StoreUnavailable]);
}
