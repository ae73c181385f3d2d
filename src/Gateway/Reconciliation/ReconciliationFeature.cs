using Gateway.Edge;

namespace Gateway.Reconciliation;

/// <summary>What becomes of requests whose outcome is not known.</summary>
internal static class ReconciliationFeature
{
    public static void AddReconciliation(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(ReconcilerOptions.Read(settings));
        services.AddSingleton<ReconciliationRepository>();
        services.AddSingleton<Reconciler>();
        services.AddHostedService(provider => provider.GetRequiredService<Reconciler>());
    }
}
