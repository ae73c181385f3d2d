using System.Globalization;
using System.Text.Json;
using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;

namespace Gateway.Results;

internal enum JobStatus
{
    Queued,
    Running,
    Complete,
    Failed,
    Refused,
    Canceled,
}

/// <summary>
/// A job as its owner may see it:
/// <c>{"id","status","position","estimatedStart","createdAt","generationId","problem"}</c>.
/// </summary>
/// <param name="ReservationId">The live one, or the last.</param>
/// <param name="Attempt">Grows each time it is queued again.</param>
/// <param name="Position">Among the tenant's queued jobs, from 1; null: it is not queued.</param>
/// <param name="Problem">Why there is no generation; null: there is one, or there may be.</param>
internal sealed record StoredJob(
    Guid Id,
    DateTimeOffset CreatedAt,
    Guid ReservationId,
    JobStatus Status,
    long Attempt,
    long? Position,
    string? GenerationId,
    Outcome? Problem
) : IStatus
{
    private const int SoonestRetry = 2;
    private const int LatestRetry = 30;

    /// <summary>Accepted, where the store cannot be asked for more.</summary>
    public static StoredJob JustQueued(Guid id, DateTimeOffset now) => new(id, now, default, JobStatus.Queued, 0, null, null, null);

    /// <summary>Null: it is not queued, or not known.</summary>
    public DateTimeOffset? EstimatedStart { get; init; }

    /// <summary>Null: there is none, or it was deleted.</summary>
    public StoredGeneration? Generation { get; init; }

    /// <summary>The body that is sent upstream; null: it is not queued.</summary>
    public byte[]? Request { get; init; }

    public bool IsEnded => Status is not (JobStatus.Queued or JobStatus.Running);

    public long Version =>
        (Attempt * 4)
        + (
            Status == JobStatus.Queued ? 1
            : IsEnded ? 3
            : 2
        );

    /// <summary>Seconds until the caller should ask again.</summary>
    public int RetryAfter(DateTimeOffset now) =>
        EstimatedStart is { } start ? (int)Math.Clamp(Math.Ceiling((start - now).TotalSeconds), SoonestRetry, LatestRetry) : SoonestRetry;

    public void WriteMembers(Utf8JsonWriter json, string root)
    {
        json.WritePropertyName("job"u8);
        json.WriteStartObject();
        WriteState(json);
        json.WriteEndObject();
        if (Generation is { } generation)
            generation.WriteMembers(json, root);
        else
            WriteRequest(json);
    }

    /// <summary>As a member of a list.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteState(json);
        WriteRequest(json);
        json.WriteEndObject();
    }

    private void WriteRequest(Utf8JsonWriter json)
    {
        if (Request is null)
            return;
        json.WritePropertyName("request"u8);
        json.WriteRawValue(Request, skipInputValidation: true);
    }

    private void WriteState(Utf8JsonWriter json)
    {
        json.WriteString("id"u8, Id);
        json.WriteString("status"u8, ToLabel(Status));
        if (Position is { } position)
            json.WriteNumber("position"u8, position);
        else
            json.WriteNull("position"u8);
        WriteTime(json, "estimatedStart", EstimatedStart);
        WriteTime(json, "createdAt", CreatedAt);
        json.WriteString("generationId"u8, GenerationId);
        json.WritePropertyName("problem"u8);
        WriteProblem(json);
    }

    public static string ToLabel(JobStatus status) => status.ToString().ToUpperInvariant();

    /// <summary>In whole seconds.</summary>
    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? at) =>
        json.WriteString(name, at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

    private void WriteProblem(Utf8JsonWriter json)
    {
        if (Problem is null)
        {
            json.WriteNullValue();
            return;
        }
        var type = ProblemTypes.All.First(known => known.Name == Problem.Problem);
        json.WriteStartObject();
        json.WriteString("type"u8, type.Uri);
        json.WriteString("title"u8, type.Title);
        json.WriteNumber("status"u8, Problem.Status);
        json.WriteString("detail"u8, Problem.Detail);
        if (Problem.Reason is { } reason)
            json.WriteString("reason"u8, reason);
        json.WriteEndObject();
    }
}
