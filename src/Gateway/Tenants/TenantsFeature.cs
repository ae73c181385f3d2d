using Gateway.Edge;
using Gateway.Tenants.Identification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tenants;

/// <summary>The tenants file, and the ways to identify the tenant that is calling.</summary>
internal static class TenantsFeature
{
    /// <param name="settings">Collects what is wrong with the settings and the tenants file.</param>
    /// <param name="models">Names of the available models, against which the tenants file is checked; null: not
    /// checked.</param>
    public static void AddTenants(
        this IServiceCollection services,
        Settings settings,
        IHostEnvironment environment,
        IReadOnlyCollection<string>? models = null
    )
    {
        services.AddSingleton(IdentificationOptions.Read(settings));
        foreach (var method in IdentificationMethods.All)
            method.AddServices(services, settings);

        var file = FileOf(settings, environment);
        // Read once before the host exists, so that its errors are reported together with those of the settings.
        using (var first = CreateDirectory(TimeProvider.System, NullLogger<TenantDirectory>.Instance))
        {
            foreach (var error in first.StartupErrors)
                settings.AddError("Tenants:File", $"{file} {error}");
        }
        services.AddSingleton(provider =>
            CreateDirectory(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<TenantDirectory>>())
        );
        services.AddHostedService(provider => provider.GetRequiredService<TenantDirectory>());
        services.AddHealthChecks().AddCheck<TenantsHealth>("tenants");

        TenantDirectory CreateDirectory(TimeProvider clock, ILogger<TenantDirectory> log) =>
            new(file, models, fileIsOptional: environment.IsDevelopment(), clock, log);
    }

    /// <returns>The tenants file that the settings name, absolute.</returns>
    public static string FileOf(Settings settings, IHostEnvironment environment) =>
        Path.GetFullPath(settings.GetString("Tenants:File") ?? "tenants.json", environment.ContentRootPath);

    /// <summary>After routing: the endpoint says whether a tenant is needed.</summary>
    public static IApplicationBuilder UseIdentification(this IApplicationBuilder app) =>
        app.UseMiddleware<IdentificationMiddleware>().UseMiddleware<EndWithTenant>();
}
