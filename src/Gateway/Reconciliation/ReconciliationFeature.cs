using Gateway.Edge;

namespace Gateway.Reconciliation;

/// <summary>Resolves reservations whose outcome is unknown.</summary>
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
