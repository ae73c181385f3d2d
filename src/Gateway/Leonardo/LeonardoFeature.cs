using Gateway.Edge;
using Gateway.Leonardo.Key;
using Gateway.Leonardo.Origins;

namespace Gateway.Leonardo;

/// <summary>The upstream: its address, key, origins, and the calls to it.</summary>
internal static class LeonardoFeature
{
    public static void AddLeonardo(this IServiceCollection services, Settings settings, IHostEnvironment environment)
    {
        var key = KeyOptions.Read(settings);
        var options = LeonardoOptions.Read(settings, key, environment.IsDevelopment());
        services.AddHttpForwarder();
        services.AddSingleton(options);
        services.AddSingleton(key);
        services.AddSingleton<LeonardoAddress>();
        services.AddSingleton<LeonardoKey>();
        services.AddSingleton<LeonardoTransport>();
        services.AddSingleton<LeonardoForwarder>();
        services.AddSingleton<AccountRequests>();
        services.AddSingleton<LeonardoApi>();
        services.AddSingleton(LeonardoOrigins.Read(settings));
        services.AddSingleton<UpstreamStatus>();
        services.AddSingleton<AccountBalance>();
        services.AddHealthChecks().AddCheck<UpstreamStatus>("upstream");
        if (options.Simulator)
            services.AddHostedService<BundledSimulator>();
    }
}
