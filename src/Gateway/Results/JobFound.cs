using System.Text.Json.Serialization;

namespace Gateway.Results;

/// <summary>The answer of <c>GET /v1/jobs/{id}</c>, and the data of its events.</summary>
/// <remarks>
/// These records only describe answers in the OpenAPI document, where a member with a default is optional;
/// <see cref="StoredJob"/> writes them.
/// </remarks>
/// <param name="Generation">Left out as long as there is none.</param>
/// <param name="Request">As it is or was sent upstream, while the job is queued or has a generation.</param>
/// <param name="User">The person that its request named; beside the generation.</param>
/// <param name="Cost">What the tenant was charged, in dollars; beside the generation.</param>
internal sealed record JobFound(
    [property: JsonPropertyName("job")] JobState Job,
    [property: JsonPropertyName("generations_by_pk")] GenerationResult Generation = null!,
    [property: JsonPropertyName("request")] RequestSent Request = null!,
    [property: JsonPropertyName("user")] string User = null!,
    [property: JsonPropertyName("cost")] StatedCost Cost = null!
);

/// <summary>The answer of <c>GET /v1/jobs</c>.</summary>
/// <param name="Next">The <c>after</c> of the following page; null: this is the last.</param>
internal sealed record JobList(
    [property: JsonPropertyName("jobs")] IReadOnlyList<JobState> Jobs,
    [property: JsonPropertyName("next")] string? Next
);

/// <summary>A request that was accepted at once and is sent when its turn comes.</summary>
/// <param name="Id">A UUID.</param>
/// <param name="Position">Among the tenant's queued jobs, from 1. Null: it is not queued.</param>
/// <param name="EstimatedStart">By the rate of the last minute. Null: it is not queued.</param>
/// <param name="GenerationId">Null as long as there is none.</param>
/// <param name="Problem">Why there is none; null: there is one, or there may be.</param>
/// <param name="Request">In a list only, while it is queued: the request as it is sent upstream.</param>
internal sealed record JobState(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("position")] long? Position,
    [property: JsonPropertyName("estimatedStart")] DateTime? EstimatedStart,
    [property: JsonPropertyName("createdAt")] DateTime CreatedAt,
    [property: JsonPropertyName("generationId")] string? GenerationId,
    [property: JsonPropertyName("problem")] JobProblem? Problem,
    [property: JsonPropertyName("request")] RequestSent Request = null!
);

/// <summary>A problem as its page describes it.</summary>
internal sealed record JobProblem(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("title")] string Title,
    [property: JsonPropertyName("status")] int Status,
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("reason")] string Reason = null!
);
