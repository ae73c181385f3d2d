using Gateway.Edge;

namespace Gateway.Webhooks;

/// <summary>The route that the upstream calls: outside tenants and not in the OpenAPI document (T-I5).</summary>
internal static class WebhooksFeature
{
    public static void AddWebhooks(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(WebhookOptions.Read(settings));
        services.AddSingleton<WebhookKey>();
        services.AddSingleton<WebhookEndpoint>();
    }

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        // Without a key the route does not exist.
        if (!routes.ServiceProvider.GetRequiredService<WebhookOptions>().IsOn)
            return;
        routes
            .MapPost("/webhooks/leonardo", (Delegate)routes.ServiceProvider.GetRequiredService<WebhookEndpoint>().ReceiveAsync)
            .WithMetadata(new AllowAnonymousTenant())
            .ExcludeFromDescription();
    }
}
