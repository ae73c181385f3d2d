using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Models;

/// <summary><c>GET /v2/models</c>: the models a tenant may use, with all that is needed to build a form.</summary>
internal static class ModelsFeature
{
    public static void AddModels(this IServiceCollection services) => services.Configure<ApiDocumentation>(ModelsDocumentation.Describe);

    public static void MapModels(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v2/models", List)
            .WithTags("Models")
            .WithSummary("See which models you may use, with their limits, styles and prices")
            .Produces<ModelList>()
            .ProducesProblems(ProblemTypes.Unidentified, ProblemTypes.Suspended, ProblemTypes.HostNotAllowed);

    private static JsonHttpResult<ModelList> List(Caller caller) =>
        TypedResults.Json(
            new ModelList([
                .. ModelCatalogue
                    .All.Where(model => caller.Tenant.Policy.Models?.Contains(model.Name) ?? true)
                    .Select(model => Describe(model, caller.Tenant.Policy)),
            ]),
            ModelJson.Default.ModelList
        );

    private static ModelDescription Describe(ImageModel model, TenantPolicy policy) =>
        new(
            model.Name,
            model.Title,
            model.Source,
            new ModelLimits(
                model.Width,
                model.Height,
                policy.MaxPixels,
                model.Quantity with
                {
                    Max = Math.Min(model.Quantity.Max, policy.MaxQuantity ?? model.Quantity.Max),
                },
                model.Seed,
                model.PromptMaxLength,
                model.MaxReferences,
                policy.AllowPublic
            ),
            model.Styles,
            model.AspectRatios,
            new ModelPrice(
                "ceil(credits_per_million_pixels / 1000000 * width * height * quantity * (1.5 with references)) * usd_per_credit, rounded to 0.0001",
                model.Price.CreditsPerMillionPixels,
                Usd.Format(model.Price.MicrosPerCredit),
                [
                    .. model.AspectRatios.Select(ratio => new PriceExample(
                        ratio.Width,
                        ratio.Height,
                        Usd.Format(model.Price.Micros(ratio.Width, ratio.Height, 1, hasReferences: false)),
                        Usd.Format(model.Price.Micros(ratio.Width, ratio.Height, 1, hasReferences: true))
                    )),
                ]
            )
        );
}
