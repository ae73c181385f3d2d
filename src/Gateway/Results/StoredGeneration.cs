using System.Data.Common;
using System.Text.Json;
using Gateway.Leonardo.Replies;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>A generation as its owner may see it.</summary>
/// <param name="Row">What the upstream last said about it; null: not polled yet.</param>
/// <param name="StuckAt">When it was found pending past the deadline.</param>
/// <param name="Request">The body that was sent upstream; null: it was made before the gateway kept them.</param>
/// <param name="User">The person that the request named; null: none.</param>
/// <param name="Charged">Micro-dollars; null: not known any more.</param>
internal sealed record StoredGeneration(
    string Id,
    GenerationStatus Status,
    string? Row,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StuckAt,
    byte[]? Request,
    string? User,
    long? Charged
) : IStatus
{
    public const string Columns =
        "id, status, result, created_at, stuck_at, (select body from sent_request s where s.reservation_id = generation.reservation_id), user_label, "
        + "(select charged from reservation r where r.id = generation.reservation_id)";

    public bool IsEnded => Status != GenerationStatus.Pending;

    /// <summary>Seconds until the caller should ask again.</summary>
    public int RetryAfter => StuckAt is null ? 2 : 60;

    public long Version => IsEnded ? 2 : 1;

    /// <param name="from">The position of the first of <see cref="Columns"/>.</param>
    public static StoredGeneration Read(DbDataReader row, int from = 0) =>
        new(
            row.GetString(from),
            ParseStatus(row.GetString(from + 1)),
            row.GetStringOrNull(from + 2),
            row.GetTime(from + 3),
            row.GetTimeOrNull(from + 4),
            row.IsDBNull(from + 5) ? null : (byte[])row.GetValue(from + 5),
            row.GetStringOrNull(from + 6),
            row.GetNumberOrNull(from + 7)
        );

    /// <param name="root">Where the caller reaches the gateway: image addresses begin with it.</param>
    /// <param name="more">Members to add.</param>
    public void WriteTo(Utf8JsonWriter json, string root, Action<Utf8JsonWriter>? more = null) =>
        ResultRow.WriteTo(
            json,
            Row ?? ResultRow.CreatePending(Id, CreatedAt),
            imageId => $"{root}/v1/generations/{Id}/images/{imageId}",
            more
        );

    public void WriteMembers(Utf8JsonWriter json, string root) => GenerationView.WriteMembers(json, this, root);

    /// <summary>
    /// Who made it, what it was charged, and the request byte for byte as it was sent, so that it can be sent again.
    /// </summary>
    public void WriteRequest(Utf8JsonWriter json)
    {
        if (User is not null)
            json.WriteString("user"u8, User);
        if (Charged is { } micros)
            new GenerationCost(micros, null, null).Write(json);
        if (Request is null)
            return;
        json.WritePropertyName("request"u8);
        json.WriteRawValue(Request, skipInputValidation: true);
    }

    private static GenerationStatus ParseStatus(string label) =>
        label switch
        {
            "COMPLETE" => GenerationStatus.Complete,
            "FAILED" => GenerationStatus.Failed,
            _ => GenerationStatus.Pending,
        };
}
