using System.Data.Common;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>A reservation as the audit reads it: with its generation and all its events.</summary>
/// <param name="IsMarked">Whether it has the time and the number of L2.</param>
/// <param name="Owned">The generation whose owner it is; null: none.</param>
internal sealed record AuditedReservation(
    Guid Id,
    string Tenant,
    DateTimeOffset ReservedAt,
    long Sequence,
    ReservationState State,
    long Images,
    long Micros,
    long? Charged,
    string Day,
    string Month,
    bool IsMarked,
    string? GenerationId,
    (string Id, string Tenant)? Owned,
    Guid? JobId
)
{
    private const string Select = """
        select r.id, r.tenant, r.reserved_at, r.sequence, r.state, r.images, r.micros, r.charged, r.day, r.month,
          r.forwarded_at is not null and r.sent is not null, r.generation_id, g.id, g.tenant, e.n, e.from_state, e.to_state,
          e.n > (select events from ledger), r.job_id
        """;

    private const string Joins = """
        left join generation g on g.reservation_id = r.id
        left join event e on e.reservation_id = r.id
        order by r.reserved_at, r.sequence, e.n
        """;

    private readonly List<(ReservationState? From, ReservationState To)> _events = [];
    private bool _hasUncounted;

    public bool IsFinal => State is ReservationState.Settled or ReservationState.Void;

    /// <summary>A tenant's reservations in the order in which they were made, after one of them.</summary>
    public static Task<List<AuditedReservation>> ReadAsync(
        DbConnection connection,
        string tenant,
        (long At, long Sequence) after,
        int limit,
        CancellationToken cancellationToken
    ) =>
        ReadAsync(
            connection.Command(
                $"""
                {Select}
                from (
                  select * from reservation where tenant = @tenant and (reserved_at, sequence) > (@at, @sequence)
                  order by reserved_at, sequence limit @limit
                ) r
                {Joins}
                """,
                ("@tenant", tenant),
                ("@at", after.At),
                ("@sequence", after.Sequence),
                ("@limit", limit)
            ),
            cancellationToken
        );

    public static async Task<List<AuditedReservation>> ReadAsync(
        DbConnection connection,
        Dialect dialect,
        IEnumerable<Guid> ids,
        CancellationToken cancellationToken
    )
    {
        var all = new List<AuditedReservation>();
        foreach (var chunk in ids.Chunk(500))
        {
            var command = connection.Command("");
            var names = command.AddEach("id", chunk.Select(dialect.Id));
#pragma warning disable CA2100 // names of parameters
            command.CommandText =
                $"{Select} from reservation r {Joins.Replace("order by", $"where r.id in ({names}) order by", StringComparison.Ordinal)}";
#pragma warning restore CA2100
            all.AddRange(await ReadAsync(command, cancellationToken));
        }
        return all;
    }

    /// <summary>The later reservations of a job that was tried again. They have the time of its acceptance.</summary>
    public static Task<List<Guid>> FindRetriesAsync(
        DbConnection connection,
        Dialect dialect,
        AuditedReservation row,
        CancellationToken cancellationToken
    ) =>
        connection
            .Command(
                "select id from reservation where tenant = @tenant and sequence > @sequence and job_id is not null and job_id = @job",
                ("@tenant", row.Tenant),
                ("@sequence", row.Sequence),
                ("@job", dialect.Id(row.JobId!.Value))
            )
            .ReadAsync(found => found.GetId(0), cancellationToken);

    /// <summary>What contradicts the rules in this row alone.</summary>
    public IEnumerable<string> Faults()
    {
        if (_hasUncounted)
            yield return "events are miscounted (INV-11)";
        if (!LeadToState())
            yield return "events do not lead to the state (INV-7, INV-11)";
        if (State is not (ReservationState.Queued or ReservationState.Reserved or ReservationState.Void) && !IsMarked)
            yield return "sent without having been marked (INV-5)";
        if (State.IsSpent() != Charged is not null)
            yield return "spent without a charge, or charged without being spent (INV-2)";
        if ((State == ReservationState.Settled) != Owned is not null || (Owned is { } owned && owned != (GenerationId, Tenant)))
            yield return "settled without its owner (INV-6)";
        if (Day != Period.DayOf(ReservedAt) || Month != Period.MonthOf(ReservedAt))
            yield return "counted in another day or month than that of its time (INV-10)";
    }

    private bool LeadToState()
    {
        ReservationState? state = null;
        foreach (var (from, to) in _events)
        {
            if (from != state || !(state?.MayBecome(to) ?? to is ReservationState.Queued or ReservationState.Reserved))
                return false;
            state = to;
        }
        return state == State;
    }

    private static async Task<List<AuditedReservation>> ReadAsync(DbCommand command, CancellationToken cancellationToken)
    {
        var rows = new List<AuditedReservation>();
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (rows.Count == 0 || rows[^1].Id != reader.GetId(0))
                    rows.Add(Read(reader));
                if (reader.IsDBNull(14))
                    continue;
                rows[^1]._hasUncounted |= reader.GetBoolean(17);
                var from = reader.GetStringOrNull(15) is { } letter ? LedgerStore.ToState(letter) : (ReservationState?)null;
                rows[^1]._events.Add((from, LedgerStore.ToState(reader.GetString(16))));
            }
        }
        return rows;
    }

    private static AuditedReservation Read(DbDataReader row) =>
        new(
            row.GetId(0),
            row.GetString(1),
            row.GetTime(2),
            row.GetInt64(3),
            LedgerStore.ToState(row.GetString(4)),
            row.GetNumber(5),
            row.GetInt64(6),
            row.GetNumberOrNull(7),
            row.GetString(8),
            row.GetString(9),
            row.GetBoolean(10),
            row.GetStringOrNull(11),
            row.IsDBNull(12) ? null : (row.GetString(12), row.GetString(13)),
            row.IsDBNull(18) ? null : row.GetId(18)
        );
}
