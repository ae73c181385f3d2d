using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Tenants.Identification;

namespace Gateway.OpenAi;

/// <summary>OpenAI's image API as another front end (docs/openai.md). It is not part of the OpenAPI document.</summary>
internal static class OpenAiFeature
{
    private static readonly PathString Path = "/openai";

    public static void AddOpenAi(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(OpenAiOptions.Read(settings));
        services.AddSingleton<OpenAiModels>();
        services.AddSingleton<ImageRequestReader>();
        services.AddSingleton<EditReader>();
        services.AddSingleton<MadeImageReader>();
        services.AddSingleton<ImageEventStream>();
        services.AddSingleton<ImageEndpoints>();
    }

    /// <summary>
    /// Before everything that may refuse: OpenAI's clients read no other form of an error, and always send a
    /// credential.
    /// </summary>
    public static void UseOpenAiErrors(this IApplicationBuilder app) =>
        app.Use(
            static (context, next) =>
            {
                if (context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase))
                {
                    context.Features.Set(OpenAiError.Form);
                    // Of a method that a route does not have too, which has no metadata.
                    context.Features.Set(new PlaceholderCredentials());
                }
                return next(context);
            }
        );

    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        var images = routes.ServiceProvider.GetRequiredService<ImageEndpoints>();
        var models = routes.ServiceProvider.GetRequiredService<OpenAiModels>();
        var openAi = routes.MapGroup(Path + "/v1").ExcludeFromDescription();
        openAi.MapPost("/images/generations", images.GenerateAsync).Produces(200, null, "application/json", "text/event-stream");
        openAi.MapPost("/images/edits", images.EditAsync).Produces(200, null, "application/json", "text/event-stream");
        openAi.MapGet("/models", models.List).Produces(200, null, "application/json");
        openAi.MapGet("/models/{id}", models.Get).Produces(200, null, "application/json");
    }
}
