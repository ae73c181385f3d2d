using Gateway.Edge.Problems;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>What a valid request may still not do by the tenant's policy (docs/api.md).</summary>
internal static class TenantPolicyRules
{
    /// <returns>A refusal that names each part that is not allowed; null: all of it is.</returns>
    public static RequestRefusal? FindRefusal(GenerationRequest request, TenantPolicy policy)
    {
        List<Violation>? violations = null;
        void Add(string pointer, string code, string detail) => (violations ??= []).Add(new Violation(pointer, code, detail));

        if (policy.Models?.Contains(request.Model.Name) == false)
            Add("#/model", "model-not-allowed", "is not one of this tenant's models; GET /v2/models lists them");
        if (request.Public && !policy.AllowPublic)
            Add("#/public", "public-not-allowed", "must be false: this tenant may not publish to the community feed");
        if (request.Quantity > policy.MaxQuantity)
            Add("#/parameters/quantity", "quantity-not-allowed", $"must be at most {policy.MaxQuantity} for this tenant");
        if ((long)request.Width * request.Height > policy.MaxPixels)
            Add("#/parameters/width", "pixels-not-allowed", $"times height must be at most {policy.MaxPixels} pixels for this tenant");
        return violations is null
            ? null
            : new RequestRefusal(ProblemTypes.Policy, "The tenant's policy does not allow this request; see errors.", violations);
    }
}
