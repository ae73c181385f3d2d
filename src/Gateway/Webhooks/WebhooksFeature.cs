using Gateway.Edge;

namespace Gateway.Webhooks;

/// <summary>What the upstream calls; not a tenant's, and not in the OpenAPI document.</summary>
internal static class WebhooksFeature
{
    public static void AddWebhooks(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(WebhookOptions.Read(settings));
        services.AddSingleton<WebhookEndpoint>();
    }

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        // Without a key there is no such route, whatever the method.
        if (!routes.ServiceProvider.GetRequiredService<WebhookOptions>().IsOn)
            return;
        routes
            .MapPost("/webhooks/leonardo", (Delegate)routes.ServiceProvider.GetRequiredService<WebhookEndpoint>().ReceiveAsync)
            .WithMetadata(new AllowAnonymousTenant())
            .ExcludeFromDescription();
    }
}
