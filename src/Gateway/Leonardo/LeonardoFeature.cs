namespace Gateway.Leonardo;

/// <summary>Everything that knows the upstream.</summary>
internal static class LeonardoFeature
{
    public static void AddLeonardo(this IServiceCollection services, LeonardoOptions options)
    {
        services.AddHttpForwarder();
        services.AddSingleton(options);
        services.AddSingleton<LeonardoAddress>();
        services.AddSingleton<LeonardoKey>();
        services.AddSingleton<LeonardoTransport>();
        services.AddSingleton<LeonardoForwarder>();
    }
}
