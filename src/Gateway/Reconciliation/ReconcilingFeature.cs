using Gateway.Edge;

namespace Gateway.Reconciliation;

/// <summary>What becomes of requests whose outcome is not known.</summary>
internal static class ReconcilingFeature
{
    public static void AddReconciling(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(ReconcilerOptions.Read(settings));
        services.AddSingleton<ReconcilerRegister>();
        services.AddSingleton<Reconciler>();
        services.AddHostedService(provider => provider.GetRequiredService<Reconciler>());
    }
}
