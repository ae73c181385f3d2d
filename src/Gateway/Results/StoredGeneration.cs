using System.Data.Common;
using System.Text.Json;
using Gateway.Leonardo.Replies;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>A generation as its owner may see it.</summary>
/// <param name="Row">What the upstream last told of it; null: it has not been asked yet.</param>
/// <param name="StuckAt">Since when it counts as stuck: still pending past the deadline.</param>
internal sealed record StoredGeneration(string Id, GenerationStatus Status, string? Row, DateTimeOffset CreatedAt, DateTimeOffset? StuckAt)
{
    public const string Columns = "id, status, result, created_at, stuck_at";

    public bool IsEnded => Status != GenerationStatus.Pending;

    /// <summary>Seconds until it is worth asking again.</summary>
    public int RetryAfter => StuckAt is null ? 2 : 60;

    /// <summary>Orders what a watcher of events has seen: it only grows.</summary>
    public int Version => IsEnded ? 2 : 1;

    /// <param name="from">Where <see cref="Columns"/> begin.</param>
    public static StoredGeneration Read(DbDataReader row, int from = 0) =>
        new(
            row.GetString(from),
            StatusOf(row.GetString(from + 1)),
            row.Text(from + 2),
            Sql.Moment(row.GetInt64(from + 3)),
            row.Moment(from + 4)
        );

    /// <param name="origin">Of the gateway, as the caller named it: image addresses begin with it.</param>
    public void WriteTo(Utf8JsonWriter json, string origin) =>
        ResultRow.WriteTo(json, Row ?? ResultRow.Pending(Id, CreatedAt), imageId => $"{origin}/v1/generations/{Id}/images/{imageId}");

    private static GenerationStatus StatusOf(string word) =>
        word switch
        {
            "COMPLETE" => GenerationStatus.Complete,
            "FAILED" => GenerationStatus.Failed,
            _ => GenerationStatus.Pending,
        };
}
