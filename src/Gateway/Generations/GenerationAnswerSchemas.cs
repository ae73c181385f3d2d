using System.Text.Json.Serialization;

namespace Gateway.Generations;

/// <summary>The answer of <c>POST /v2/generations</c>, for the OpenAPI document; <see cref="GenerationAccepted"/> writes it.</summary>
/// <param name="Generate">The generation that was made.</param>
internal sealed record GenerationCreated([property: JsonPropertyName("generate")] CreatedGeneration Generate);

/// <param name="GenerationId">Names the generation: <c>GET /v1/generations/{id}</c>. A UUID.</param>
/// <param name="ApiCreditCost">What the upstream says of credits; mostly null.</param>
/// <param name="Cost">What the tenant is charged.</param>
internal sealed record CreatedGeneration(
    [property: JsonPropertyName("generationId")] string GenerationId,
    [property: JsonPropertyName("apiCreditCost")] int? ApiCreditCost,
    [property: JsonPropertyName("cost")] StatedCost Cost
);

/// <param name="Amount">A decimal string: <c>0.0837</c>.</param>
/// <param name="Unit"><c>DOLLARS</c>, or <c>CREDITS</c> where the account is billed so.</param>
internal sealed record StatedCost([property: JsonPropertyName("amount")] string Amount, [property: JsonPropertyName("unit")] string Unit);

/// <summary>The answer of <c>POST /v2/generations/quote</c>, for the OpenAPI document; <see cref="QuoteGeneration"/> writes it.</summary>
/// <param name="Valid">Always true: an invalid request is refused as it would be without <c>/quote</c>.</param>
/// <param name="Images">How many images would be made.</param>
/// <param name="Cost">What they would cost.</param>
/// <param name="Allowed">Whether every quota would admit the request now.</param>
/// <param name="ViolatedPolicies">The quotas that would not.</param>
/// <param name="Remaining">What is left of each quota, by its name; null: unlimited. Dollars as a decimal string.</param>
internal sealed record QuoteAnswer(
    [property: JsonPropertyName("valid")] bool Valid,
    [property: JsonPropertyName("images")] int Images,
    [property: JsonPropertyName("cost")] StatedCost Cost,
    [property: JsonPropertyName("allowed")] bool Allowed,
    [property: JsonPropertyName("violatedPolicies")] IReadOnlyList<string> ViolatedPolicies,
    [property: JsonPropertyName("remaining")] IReadOnlyDictionary<string, string?> Remaining
);
