using System.Data.Common;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>What has no outcome yet, all replicas together. For operators only: no decision depends on it.</summary>
/// <param name="OldestUnknown">When the oldest unknown one was forwarded.</param>
/// <param name="OldestDue">When the most overdue generation should have been polled.</param>
/// <param name="Stuck">Generations that are still pending past their deadline.</param>
internal sealed record LedgerBacklog(
    long Reserved,
    long Forwarding,
    long Unknown,
    DateTimeOffset? OldestUnknown,
    DateTimeOffset? OldestDue,
    long Running,
    long Stuck
)
{
    /// <summary>
    /// Each subquery reads an index that holds open rows only; of the pending generations, which may be many, its ends.
    /// </summary>
    private const string Query = """
        select
          (select count(*) from reservation where state in ('R', 'F') and state = 'R'),
          (select count(*) from reservation where state in ('R', 'F') and state = 'F'),
          (select count(*) from reservation where state = 'U'),
          (select min(forwarded_at) from reservation where state = 'U'),
          (select min(due) from (
            select min(created_at) as due from generation where status = 'PENDING' and next_poll_at = 0 union all
            select min(next_poll_at) from generation where status = 'PENDING' and next_poll_at > 0) as first_and_repeated),
          (select running from ledger where id = 1),
          (select count(*) from generation where status = 'PENDING' and stuck_at is not null and deleted_at is null)
        """;

    public static async Task<LedgerBacklog> ReadAsync(Database database, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            (connection, cancellationToken) => connection.Command(Query).ReadAsync(Read, cancellationToken),
            cancellationToken
        );
        return rows[0];
    }

    /// <summary>Seeds of the requests that are being sent now.</summary>
    public static async Task<HashSet<uint>> ReadSeedsAsync(Database database, CancellationToken cancellationToken)
    {
        var seeds = await database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .Command("select seed from reservation where state in ('R', 'F') and state = 'F'")
                    .ReadAsync(row => (uint)row.GetInt64(0), cancellationToken),
            cancellationToken
        );
        return [.. seeds];
    }

    private static LedgerBacklog Read(DbDataReader row) =>
        new(
            row.GetNumber(0),
            row.GetNumber(1),
            row.GetNumber(2),
            row.GetTimeOrNull(3),
            row.GetTimeOrNull(4),
            row.GetNumberOrNull(5) ?? 0,
            row.GetNumber(6)
        );
}
