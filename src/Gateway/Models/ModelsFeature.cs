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
            .WithSummary("See which models you may use, with their limits, styles and prices")
            .Produces<ModelList>()
            .ProducesProblems(CallerProblems.All);
}
