using System.Buffers.Binary;
using System.Data.Common;
using Gateway.Edge;
using Gateway.Storage;

namespace Gateway.Admin;

/// <summary>Reads reservations for operators, a bounded number of rows at a time however many there are.</summary>
internal sealed class ReservationReader(Database database)
{
    /// <summary>
    /// Rows that one request reads at most where a filter has no index of its own. It then returns fewer rows than
    /// asked for, and a cursor with which to read on.
    /// </summary>
    public const int MaxRowsRead = 10_000;

    /// <summary>Likewise where it looks for one request or trace, of which few reservations can be.</summary>
    private const int MaxRowsSearched = 100_000;

    private const string StuckNow = "generation.status = 'PENDING' and generation.stuck_at is not null and generation.deleted_at is null";

    private const string Columns =
        "id, tenant, state, images, micros, charged, model, width, height, seed, reserved_at, forwarded_at, ended_at, running_until, "
        + $"(select stuck_at from generation where reservation_id = reservation.id and {StuckNow}), fence_at, generation_id, problem, status, reason, user_label, request_id, trace_id";

    private const string Open = "select id, tenant from reservation where state in ('R', 'F')";
    private const string Queued = "select id, tenant from reservation where state = 'Q'";
    private const string Unknown = "select id, tenant from reservation where state = 'U'";

    /// <summary>States in which few reservations are: an index holds just these.</summary>
    private static readonly Dictionary<string, string> Few = new(StringComparer.Ordinal)
    {
        ["queued"] = Queued,
        ["reserved"] = $"{Open} and state = 'R'",
        ["forwarding"] = $"{Open} and state = 'F'",
        ["unknown"] = Unknown,
        ["held"] = $"{Open} union all {Unknown} union all {Queued}",
        ["written-off"] = "select id, tenant from reservation where state = 'W'",
        ["stuck"] = $"select reservation_id as id, tenant from generation where {StuckNow}",
    };

    public static IReadOnlyList<string> StateNames { get; } =
    ["queued", "reserved", "forwarding", "unknown", "held", "settled", "released", "written-off", "stuck"];

    /// <summary>Null: there is no such reservation.</summary>
    public async Task<AdminGeneration?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .Command($"select {Columns} from reservation where id = @id", ("@id", database.Dialect.Id(id)))
                    .ReadAsync(Read, cancellationToken),
            cancellationToken
        );
        return rows.SingleOrDefault();
    }

    /// <summary>Newest first.</summary>
    /// <param name="before">Only older ones than this; null: from the newest.</param>
    public Task<AdminGenerations> ListAsync(ReservationFilter filter, Guid? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) =>
                filter.State is { } state && Few.TryGetValue(state, out var few)
                    ? ListFewAsync(connection, few, filter, before, limit, cancellationToken)
                    : ListManyAsync(connection, filter, before, limit, cancellationToken),
            cancellationToken
        );

    private async Task<AdminGenerations> ListFewAsync(
        DbConnection connection,
        string few,
        ReservationFilter filter,
        Guid? before,
        int limit,
        CancellationToken cancellationToken
    )
    {
        // Materialized: otherwise the engine may read all reservations in their order, looking for these.
        var newest =
            $"select id from few where id < @before {(filter.Tenant is null ? "" : "and tenant = @tenant")} {filter.Among("few")} order by id desc limit @limit";
        var sql = $"""
            with few as materialized ({few})
            select {Columns} from reservation where id {database.Dialect.AnyOf(newest)} order by id desc
            """;
        var rows = await connection
            .Command(
                sql,
                ("@before", database.Dialect.Id(before ?? Guid.AllBitsSet)),
                ("@tenant", filter.Tenant ?? ""),
                ("@request", filter.Request ?? ""),
                ("@trace", database.Dialect.Id(filter.Trace ?? Guid.Empty)),
                ("@limit", limit)
            )
            .ReadAsync(Read, cancellationToken);
        return new AdminGenerations(rows, rows.Count == limit ? rows[^1].ReservationId : null);
    }

    /// <remarks>
    /// All reservations are in the order of their ids, which are made from the time (UUID version 7); a tenant's in the
    /// order of its own index.
    /// </remarks>
    private async Task<AdminGenerations> ListManyAsync(
        DbConnection connection,
        ReservationFilter filter,
        Guid? before,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var (tenant, letter) = (filter.Tenant, filter.Letter);
        var (range, order) = tenant is null
            ? ("id < @before", "id desc")
            : ("tenant = @tenant and reserved_at <= @at and (reserved_at, sequence) < (@at, @sequence)", "reserved_at desc, sequence desc");
        // A tenant's released ones have an index, without the sequence. The plus keeps the engines from the index that
        // has it, in which they would read the tenant's other reservations too.
        var isIndexed = !filter.IsSearch && (letter is null || (tenant is not null && letter == "V"));
        var read = filter.IsSearch ? MaxRowsSearched : MaxRowsRead;
        var newest = (letter, isIndexed) switch
        {
            (null, true) => $"select id from reservation where {range} order by {order} limit @limit",
            (_, true) => "select id from reservation where tenant = @tenant and state = 'V' and reserved_at <= @at "
                + "and (reserved_at, +sequence) < (@at, @sequence) order by reserved_at desc, +sequence desc limit @limit",
            _ =>
                $"select id from (select id, state, request_id, trace_id from reservation where {range} order by {order} limit {read}) as read "
                    + $"where {filter.Condition} limit @limit",
        };
        var (at, sequence) =
            tenant is null || before is null
                ? (long.MaxValue, long.MaxValue)
                : await FindPositionAsync(connection, before.Value, cancellationToken);
        var rows = await Command(
                $"select {Columns} from reservation where id {database.Dialect.AnyOf(newest)} order by {order} limit @limit"
            )
            .ReadAsync(Read, cancellationToken);
        if (rows.Count == limit)
            return new AdminGenerations(rows, rows[^1].ReservationId);
        if (isIndexed)
            return new AdminGenerations(rows, null);
        var last = await Command($"select id from reservation where {range} order by {order} limit 1 offset {read - 1}")
            .ReadAsync(row => row.GetId(0), cancellationToken);
        return new AdminGenerations(rows, last is [var id] ? id.ToString() : null);

        DbCommand Command(string sql) =>
            connection.Command(
                sql,
                ("@before", database.Dialect.Id(before ?? Guid.AllBitsSet)),
                ("@tenant", tenant ?? ""),
                ("@at", at),
                ("@sequence", sequence),
                ("@state", letter ?? ""),
                ("@request", filter.Request ?? ""),
                ("@trace", database.Dialect.Id(filter.Trace ?? Guid.Empty)),
                ("@limit", limit)
            );
    }

    /// <summary>
    /// Where a reservation is among its tenant's. One that is not there any more, by the time in its id.
    /// </summary>
    private async Task<(long At, long Sequence)> FindPositionAsync(DbConnection connection, Guid id, CancellationToken cancellationToken)
    {
        var found = await connection
            .Command("select reserved_at, sequence from reservation where id = @id", ("@id", database.Dialect.Id(id)))
            .ReadAsync(row => (row.GetNumber(0), row.GetNumber(1)), cancellationToken);
        return found is [var position]
            ? position
            : ((BinaryPrimitives.ReadInt64BigEndian(id.ToByteArray(bigEndian: true)) >>> 16) * 1000, 0);
    }

    private static AdminGeneration Read(DbDataReader row) =>
        new(
            row.GetId(0).ToString(),
            row.GetString(1),
            row.GetValue(2).ToString() switch
            {
                "Q" => "queued",
                "R" => "reserved",
                "F" => "forwarding",
                "U" => "unknown",
                "S" => "settled",
                "V" => "released",
                _ => "written-off",
            },
            row.GetNumber(3),
            Usd.Format(row.GetNumber(4)),
            row.GetNumberOrNull(5) is { } charged ? Usd.Format(charged) : null,
            row.GetString(6),
            row.GetNumber(7),
            row.GetNumber(8),
            row.GetNumber(9),
            row.GetTime(10).UtcDateTime,
            row.GetTimeOrNull(11)?.UtcDateTime,
            row.GetTimeOrNull(12)?.UtcDateTime,
            row.GetTimeOrNull(13)?.UtcDateTime,
            row.GetTimeOrNull(14)?.UtcDateTime,
            row.GetTimeOrNull(15)?.UtcDateTime,
            row.GetStringOrNull(16),
            row.GetStringOrNull(17),
            row.GetNumberOrNull(18),
            row.GetStringOrNull(19),
            row.GetStringOrNull(20),
            row.GetStringOrNull(21),
            row.IsDBNull(22) ? null : row.GetId(22).ToString("N")
        )
        {
            ReservedMicros = row.GetNumber(4),
        };
}

/// <summary>Which reservations are listed. Null: any.</summary>
/// <param name="State">One of <see cref="ReservationReader.StateNames"/>.</param>
/// <param name="Request">Of the request with this <c>X-Request-Id</c>.</param>
/// <param name="Trace">Of the request with this <c>traceId</c>.</param>
internal sealed record ReservationFilter(string? Tenant = null, string? State = null, string? Request = null, Guid? Trace = null)
{
    /// <summary>In the store; null: any, or a state in which few are.</summary>
    public string? Letter =>
        State switch
        {
            "settled" => "S",
            "released" => "V",
            _ => null,
        };

    public bool IsSearch => Request is not null || Trace is not null;

    public string Condition =>
        string.Join(
            " and ",
            new[]
            {
                Letter is null ? null : "state = @state",
                Request is null ? null : "request_id = @request",
                Trace is null ? null : "trace_id = @trace",
            }.OfType<string>()
        );

    /// <param name="few">A table of ids.</param>
    public string Among(string few) => IsSearch ? $"and exists (select 1 from reservation r where r.id = {few}.id and {Condition})" : "";
}
