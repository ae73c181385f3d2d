using System.Text.Json.Serialization;

namespace Leonardo.Gateway.Client;

/// <summary>A request that is sent when its turn comes.</summary>
/// <param name="Id">Of the job.</param>
/// <param name="Status">QUEUED, RUNNING, COMPLETE, FAILED, REFUSED or CANCELED.</param>
/// <param name="Position">Among the team's queued jobs, from 1; null: it is not queued.</param>
/// <param name="EstimatedStart">Null: it is not queued.</param>
/// <param name="GenerationId">Null as long as there is none.</param>
/// <param name="Problem">Why there is no generation; null: there is one, or there may be.</param>
public sealed record GatewayJob(Guid Id, string Status, long? Position, DateTime? EstimatedStart, Guid? GenerationId, Problem? Problem)
{
    /// <summary>Null as long as there is none.</summary>
    public GenerationResult? Generation { get; init; }

    /// <summary>Nothing of it changes any more.</summary>
    public bool HasEnded => Status is not ("QUEUED" or "RUNNING");

    internal sealed record Answer(GatewayJob Job, [property: JsonPropertyName("generations_by_pk")] GenerationResult? Generation);
}

/// <summary>A page of jobs, newest first.</summary>
/// <param name="Next">The <c>after</c> of the next page; null: this is the last one.</param>
public sealed record GatewayJobs(IReadOnlyList<GatewayJob> Jobs, string? Next);
