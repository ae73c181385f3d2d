using Gateway.Edge;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Generations.Webhooks;

/// <summary>What the upstream calls; not a tenant's, and not in the OpenAPI document.</summary>
internal static class WebhooksFeature
{
    private const int MaxRequestBytes = 512 * 1024;

    public static void AddWebhooks(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(WebhookOptions.Read(settings));
        services.AddSingleton<Webhook>();
    }

    public static void MapWebhooks(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/webhooks/leonardo", (Delegate)routes.ServiceProvider.GetRequiredService<Webhook>().ReceiveAsync)
            .WithMetadata(new AllowAnonymousTenant(), new RequestSizeLimitAttribute(MaxRequestBytes))
            .ExcludeFromDescription();
}
