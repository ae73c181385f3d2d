using System.Security.Cryptography.X509Certificates;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tenants;

/// <summary>Who is calling: the tenants file, and the ways to identify a tenant.</summary>
internal static class TenantsFeature
{
    /// <param name="settings">Gathers what is wrong with the settings and the tenants file.</param>
    /// <param name="models">Names of the models that there are, which the tenants file is checked against; null: not checked.</param>
    public static void AddTenants(
        this IServiceCollection services,
        Settings settings,
        IHostEnvironment environment,
        IReadOnlyCollection<string>? models = null
    )
    {
        var options = IdentificationOptions.Read(settings);
        services.AddSingleton(options);

        var file = Path.GetFullPath(settings.GetString("Tenants:File") ?? "tenants.json", environment.ContentRootPath);
        // Read here for its faults alone, so that they are told together with those of the settings.
        using (var first = Directory(TimeProvider.System, NullLogger<TenantDirectory>.Instance))
        {
            foreach (var fault in first.StartupErrors)
                settings.AddError("Tenants:File", $"{file} {fault}");
        }
        services.AddSingleton(provider =>
            Directory(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<TenantDirectory>>())
        );
        services.AddHostedService(provider => provider.GetRequiredService<TenantDirectory>());
        services.AddHealthChecks().AddCheck<TenantsHealth>("tenants");
        if (options.Oidc is { } oidc)
        {
            services.AddSingleton(provider => new OidcKeys(
                oidc.Authority,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<OidcKeys>>()
            ));
            services.AddSingleton(provider => new JwtIdentification(
                provider.GetRequiredService<OidcKeys>(),
                oidc.Audience,
                provider.GetRequiredService<TimeProvider>()
            ));
        }
        services.AddSingleton(provider => new BearerIdentification(provider.GetService<JwtIdentification>()));
        services.AddOptions<KestrelServerOptions>().Configure<TenantDirectory>(AcceptClientCertificates);

        TenantDirectory Directory(TimeProvider clock, ILogger<TenantDirectory> log) =>
            new(file, models, fileIsOptional: environment.IsDevelopment(), clock, log);
    }

    /// <summary>Before everything that costs something.</summary>
    public static void UseRequestRate(this WebApplication app)
    {
        if (app.Services.GetRequiredService<LimitOptions>().RequestsPerSecond > 0)
            app.UseMiddleware<AddressRateLimit>();
    }

    /// <summary>After routing: which endpoint was chosen says whether a tenant is needed.</summary>
    public static IApplicationBuilder UseIdentification(this IApplicationBuilder app) => app.UseMiddleware<IdentificationMiddleware>();

    /// <summary>Certificates are asked for while any tenant has one (else browsers would trouble people for nothing), and judged by identification, which says why in a 401.</summary>
    private static void AcceptClientCertificates(KestrelServerOptions kestrel, TenantDirectory directory) =>
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
            https.OnAuthenticate = (_, tls) =>
            {
                if (https.ClientCertificateMode == ClientCertificateMode.AllowCertificate)
                    tls.ClientCertificateRequired = directory.Current.Certificates.Count > 0;
                // A caller's certificate must not make the gateway fetch what it points to.
                tls.CertificateChainPolicy = new X509ChainPolicy
                {
                    DisableCertificateDownloads = true,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
            };
        });
}
