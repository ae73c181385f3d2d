using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Models;

/// <summary><c>GET /v2/models</c>.</summary>
internal static class ModelsEndpoint
{
    public static JsonHttpResult<ModelList> List(Caller caller)
    {
        var policy = caller.Tenant.Policy;
        return TypedResults.Json(
            new ModelList([.. ModelCatalogue.AllowedBy(policy).Select(model => ModelDescription.From(model, policy))]),
            ModelJson.Default.ModelList
        );
    }
}
