using System.Text.Json.Serialization;
using Gateway.Ledger.Rules;
using Gateway.Results;

namespace Gateway.Generations;

/// <summary>The answer of <c>POST /v2/generations</c>.</summary>
/// <remarks>
/// For the OpenAPI document, in which a member with a default may be left out. <see cref="GenerationAccepted"/>
/// writes it.
/// </remarks>
/// <param name="Generate">The generation that was made. Left out with <c>Prefer: respond-async</c>.</param>
/// <param name="Generation">With <c>Prefer: wait=N</c>, once it has ended.</param>
/// <param name="Job">With <c>Prefer: respond-async</c>.</param>
/// <param name="Request">With <c>Prefer: respond-async</c>: as it is sent upstream.</param>
/// <param name="User">With <c>Prefer: respond-async, wait=N</c>, once there is a generation: whom it named.</param>
/// <param name="Cost">Likewise: what the tenant was charged, in dollars.</param>
internal sealed record GenerationCreated(
    [property: JsonPropertyName("generate")] CreatedGeneration Generate = null!,
    [property: JsonPropertyName("generations_by_pk")] GenerationResult Generation = null!,
    [property: JsonPropertyName("job")] JobState Job = null!,
    [property: JsonPropertyName("request")] RequestSent Request = null!,
    [property: JsonPropertyName("user")] string User = null!,
    [property: JsonPropertyName("cost")] StatedCost Cost = null!
);

/// <param name="GenerationId">Names the generation: <c>GET /v1/generations/{id}</c>. A UUID.</param>
/// <param name="ApiCreditCost">What Leonardo states of credits; mostly null.</param>
/// <param name="Cost">What the tenant is charged.</param>
internal sealed record CreatedGeneration(
    [property: JsonPropertyName("generationId")] string GenerationId,
    [property: JsonPropertyName("apiCreditCost")] int? ApiCreditCost,
    [property: JsonPropertyName("cost")] StatedCost Cost
);

/// <summary>The answer of <c>POST /v2/generations/quote</c>.</summary>
/// <remarks><see cref="QuoteJson"/> writes it.</remarks>
/// <param name="Valid">Always true: an invalid request is refused as it would be without <c>/quote</c>.</param>
/// <param name="Images">How many images would be made.</param>
/// <param name="Cost">
/// What they would cost: the computed price, raised by the ratio that Leonardo stated in the last 24 hours.
/// </param>
/// <param name="Allowed">Whether every quota would admit the request now.</param>
/// <param name="ViolatedPolicies">The quotas that would not.</param>
/// <param name="Remaining">What is left of each quota; null: unlimited.</param>
internal sealed record QuoteAnswer(
    [property: JsonPropertyName("valid")] bool Valid,
    [property: JsonPropertyName("images")] int Images,
    [property: JsonPropertyName("cost")] StatedCost Cost,
    [property: JsonPropertyName("allowed")] bool Allowed,
    [property: JsonPropertyName("violatedPolicies")] IReadOnlyList<string> ViolatedPolicies,
    [property: JsonPropertyName("remaining")] QuoteRemaining Remaining
);

/// <summary>
/// The tenant's quotas and the organisation's (<c>org-…</c>): whole numbers, and dollars with at most six decimals.
/// </summary>
internal sealed record QuoteRemaining(
    [property: JsonPropertyName(QuotaStatus.RequestsMinute)] long? RequestsMinute,
    [property: JsonPropertyName(QuotaStatus.ImagesDay)] long? ImagesDay,
    [property: JsonPropertyName(QuotaStatus.ImagesMonth)] long? ImagesMonth,
    [property: JsonPropertyName(QuotaStatus.UsdMonth)] decimal? UsdMonth,
    [property: JsonPropertyName(QuotaStatus.ConcurrentGenerations)] long? ConcurrentGenerations,
    [property: JsonPropertyName(QuotaStatus.JobsQueued)] long? JobsQueued,
    [property: JsonPropertyName(QuotaStatus.Organization + QuotaStatus.ImagesDay)] long? OrganizationImagesDay,
    [property: JsonPropertyName(QuotaStatus.Organization + QuotaStatus.ImagesMonth)] long? OrganizationImagesMonth,
    [property: JsonPropertyName(QuotaStatus.Organization + QuotaStatus.UsdMonth)] decimal? OrganizationUsdMonth
);
