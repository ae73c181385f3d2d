using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Leonardo.Gateway.Client;

/// <summary>Registers the <see cref="GatewayClient"/>.</summary>
public static class GatewayServices
{
    /// <summary>Adds a <see cref="GatewayClient"/>, whose connections the <c>IHttpClientFactory</c> keeps.</summary>
    /// <returns>For handlers of your own. None may repeat a request: the client does, safely.</returns>
    public static IHttpClientBuilder AddLeonardoGateway(this IServiceCollection services, Action<GatewayClientOptions> configure)
    {
        services
            .AddOptions<GatewayClientOptions>()
            .Configure(configure)
            .Validate(
                options => options is { Address.IsAbsoluteUri: true, Timeout.Ticks: > 0, CallTimeout.Ticks: > 0 },
                "Address must be the absolute address of the gateway, and Timeout and CallTimeout above zero."
            );
        services.TryAddSingleton(TimeProvider.System);
        return services.AddHttpClient<GatewayClient>(
            (provider, http) =>
            {
                var options = provider.GetRequiredService<IOptions<GatewayClientOptions>>().Value;
                http.BaseAddress = new Uri(options.Address!.AbsoluteUri.TrimEnd('/') + "/");
                // The client has a limit of its own for each request.
                http.Timeout = System.Threading.Timeout.InfiniteTimeSpan;
                if (options.Token is not null)
                    http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.Token);
                if (options.User is not null)
                    http.DefaultRequestHeaders.Add("X-User-Label", options.User);
            }
        );
    }
}
