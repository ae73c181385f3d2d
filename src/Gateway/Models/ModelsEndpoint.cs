using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Models;

/// <summary><c>GET /v2/models</c>.</summary>
internal static class ModelsEndpoint
{
    public static JsonHttpResult<ModelList> List(Caller caller)
    {
        var policy = caller.Tenant.Policy;
        var allowed = ModelCatalogue.All.Where(model => policy.Models?.Contains(model.Name) ?? true);
        return TypedResults.Json(
            new ModelList([.. allowed.Select(model => ModelDescription.From(model, policy))]),
            ModelJson.Default.ModelList
        );
    }
}
