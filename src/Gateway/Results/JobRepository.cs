using System.Data.Common;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>Jobs by tenant and id together: another tenant's is not found in the same way as none (T-B1).</summary>
internal sealed class JobRepository(Database database)
{
    /// <summary>A queued job's position is counted on the index of what is queued.</summary>
    private static string SelectFrom(string jobs) =>
        $"""
            select j.id, j.created_at, j.reservation_id, r.state, r.sequence, r.generation_id, g.status, r.problem, r.status, r.detail, r.reason,
              case when r.state = 'Q' then (
                select count(*) from reservation q
                where q.tenant = j.tenant and q.state = 'Q' and (q.reserved_at, q.sequence) <= (r.reserved_at, r.sequence)
              ) end,
              case when r.state = 'Q' then (select body from sent_request s where s.reservation_id = r.id) end
            from {jobs} j join reservation r on r.id = j.reservation_id left join generation g on g.reservation_id = r.id
            """;

    /// <summary>Jobs that one page looks through at most, where few may have the wanted status.</summary>
    public const int MaxRowsRead = 2_000;

    private const string Older =
        "select id, created_at, tenant, reservation_id from job where tenant = @tenant and (created_at, id) < (@at, @id) order by created_at desc, id desc";

    /// <summary>The condition under which a job has a status.</summary>
    private static readonly Dictionary<JobStatus, string> Conditions = new()
    {
        [JobStatus.Queued] = "r.state = 'Q' and j.id in (select q.job_id from reservation q where q.tenant = @tenant and q.state = 'Q')",
        [JobStatus.Running] = "(r.state in ('F', 'U') or (r.state = 'S' and (g.status is null or g.status = 'PENDING')))",
        [JobStatus.Complete] = "r.state = 'S' and g.status = 'COMPLETE'",
        [JobStatus.Failed] =
            "((r.state = 'S' and g.status = 'FAILED') or r.state = 'W' "
            + "or (r.state = 'V' and coalesce(r.problem, '') not in ('canceled', 'suspended', 'upstream-rejected')))",
        [JobStatus.Refused] = "r.state = 'V' and r.problem in ('suspended', 'upstream-rejected')",
        [JobStatus.Canceled] = "r.state = 'V' and r.problem = 'canceled'",
    };

    /// <returns>Null: unknown, or another tenant's.</returns>
    public Task<StoredJob?> FindAsync(string tenant, Guid id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command(
                            $"{SelectFrom("job")} where j.tenant = @tenant and j.id = @id",
                            ("@tenant", tenant),
                            ("@id", database.Dialect.Id(id))
                        )
                        .ReadAsync(Read, cancellationToken)
                ).SingleOrDefault(),
            cancellationToken
        );

    /// <summary>Newest first.</summary>
    /// <param name="status">Null: any.</param>
    /// <param name="after">The last entry of the previous page.</param>
    /// <returns>
    /// At most so many; and where to read on if there are fewer, because more than <see cref="MaxRowsRead"/> would have
    /// to be looked through.
    /// </returns>
    public Task<(List<StoredJob> Jobs, PageCursor? ReadTo)> ListAsync(
        string tenant,
        JobStatus? status,
        PageCursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        (string, object?)[] parameters =
        [
            ("@tenant", tenant),
            ("@at", after?.CreatedAtMicros ?? long.MaxValue),
            ("@id", database.Dialect.Id(after is null ? Guid.Empty : Guid.ParseExact(after.Id, "D"))),
        ];
        var condition = status is { } one ? "and " + Conditions[one] : "";
        // By the index of what is queued, however many jobs have ended.
        var isBounded = status is not (null or JobStatus.Queued);
        var from = isBounded ? $"({Older} limit {MaxRowsRead})" : "job";
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                var found = await connection
                    .Command(
                        $"{SelectFrom(from)} where j.tenant = @tenant "
                            + $"and (j.created_at, j.id) < (@at, @id) {condition} order by j.created_at desc, j.id desc limit @limit",
                        [.. parameters, ("@limit", limit)]
                    )
                    .ReadAsync(Read, cancellationToken);
                if (!isBounded || found.Count == limit)
                    return (found, null);
                var readTo = await connection
                    .Command($"{Older} limit 1 offset {MaxRowsRead - 1}", parameters)
                    .ReadAsync(row => new PageCursor(row.GetTime(1).Micros(), row.GetId(0).ToString()), cancellationToken);
                return (found, readTo.SingleOrDefault());
            },
            cancellationToken
        );
    }

    /// <summary>What is sent for a claimed job.</summary>
    /// <returns>Null: there is none.</returns>
    public Task<byte[]?> FindRequestAsync(Guid reservationId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command("select body from sent_request where reservation_id = @id", ("@id", database.Dialect.Id(reservationId)))
                        .ReadAsync(row => (byte[])row.GetValue(0), cancellationToken)
                ).SingleOrDefault(),
            cancellationToken
        );

    private static StoredJob Read(DbDataReader row)
    {
        var state = LedgerStore.ToState(row.GetString(3));
        var problem = row.GetStringOrNull(7);
        var status = state switch
        {
            ReservationState.Queued => JobStatus.Queued,
            ReservationState.Settled => row.GetStringOrNull(6) switch
            {
                "COMPLETE" => JobStatus.Complete,
                "FAILED" => JobStatus.Failed,
                _ => JobStatus.Running,
            },
            ReservationState.WrittenOff => JobStatus.Failed,
            ReservationState.Void when problem == JobRules.Canceled.Problem => JobStatus.Canceled,
            ReservationState.Void when problem == ProblemTypes.UpstreamRejected.Name || problem == ProblemTypes.Suspended.Name =>
                JobStatus.Refused,
            ReservationState.Void => JobStatus.Failed,
            _ => JobStatus.Running,
        };
        return new StoredJob(
            row.GetId(0),
            row.GetTime(1),
            row.GetId(2),
            status,
            row.GetInt64(4),
            row.GetNumberOrNull(11),
            row.GetStringOrNull(5),
            status is JobStatus.Refused or JobStatus.Failed
            && state is ReservationState.Void or ReservationState.WrittenOff
            && problem is not null
                ? new Outcome(problem, (int)row.GetNumber(8), row.GetString(9), row.GetStringOrNull(10))
                : null
        )
        {
            Request = row.IsDBNull(12) ? null : (byte[])row.GetValue(12),
        };
    }
}
