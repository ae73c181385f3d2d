using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Tenants.Identification;

namespace Gateway.Models;

/// <summary>The models a tenant may use, with everything a form needs.</summary>
internal static class ModelsFeature
{
    public static void AddModels(this IServiceCollection services) => services.Configure<ApiDocumentation>(ModelsDocumentation.Describe);

    public static void MapModels(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v2/models", ModelsEndpoint.List)
            .WithTags("Models")
            .WithOperationId("listModels")
            .WithSummary("List the models you may use")
            .WithDescription("With their limits, narrowed by the tenant's policy, their styles, sizes and prices: enough to build a form.")
            .Produces<ModelList>()
            .ProducesProblems(CallerProblems.All);
}
