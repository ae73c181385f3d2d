using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Tenants;

/// <summary>Who is calling: the tenants file, and the ways to identify a tenant.</summary>
internal static class TenantsFeature
{
    /// <param name="models">Names of the models that there are, which the tenants file is checked against; null: not checked.</param>
    public static WebApplicationBuilder AddTenants(this WebApplicationBuilder builder, IReadOnlyCollection<string>? models = null)
    {
        var services = builder.Services;
        var (options, errors) = IdentificationOptions.Read(builder.Configuration);
        services.AddSingleton(options);
        services.AddSingleton(new SettingsErrors(errors));
        services.AddSingleton(provider => new TenantDirectory(
            Path.GetFullPath(builder.Configuration["Tenants:File"] ?? "tenants.json", builder.Environment.ContentRootPath),
            models,
            fileIsOptional: builder.Environment.IsDevelopment(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TenantDirectory>>()
        ));
        services.AddHostedService(provider => provider.GetRequiredService<TenantDirectory>());
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
        return builder;
    }

    /// <summary>What is wrong with the settings and the tenants file, one line a fault. Not empty: the host must not run.</summary>
    public static IReadOnlyList<string> StartupErrors(IServiceProvider services) =>
        [.. services.GetRequiredService<SettingsErrors>().Errors, .. services.GetRequiredService<TenantDirectory>().StartupErrors];

    /// <summary>After routing: which endpoint was chosen says whether a tenant is needed.</summary>
    public static IApplicationBuilder UseIdentification(this IApplicationBuilder app) => app.UseMiddleware<Identification>();

    /// <summary>The endpoint answers callers that are no tenant's.</summary>
    public static TBuilder AllowAnonymousTenant<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(Tenants.AllowAnonymousTenant.Instance);

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

    private sealed record SettingsErrors(IReadOnlyList<string> Errors);
}
