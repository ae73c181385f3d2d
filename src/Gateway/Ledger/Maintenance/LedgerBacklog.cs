using System.Data.Common;
using System.Globalization;
using Gateway.Ledger.PostgreSql;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>What has no outcome yet, all replicas together. For operators: nothing is decided by it.</summary>
/// <param name="OldestUnknown">When the oldest unknown one was forwarded.</param>
/// <param name="OldestDue">When the most overdue generation should have been looked at.</param>
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
    /// <summary>Each is found by an index that holds open ones only.</summary>
    private const string Query = """
        select
          (select count(*) from reservation where state in ('R', 'F') and state = 'R'),
          (select count(*) from reservation where state in ('R', 'F') and state = 'F'),
          (select count(*) from reservation where state = 'U'),
          (select min(forwarded_at) from reservation where state = 'U'),
          (select min(case when next_poll_at > created_at then next_poll_at else created_at end) from generation where status = 'PENDING'),
          (select running from ledger where id = 1),
          (select count(*) from generation where status = 'PENDING' and stuck_at is not null)
        """;

    public static Task<LedgerBacklog> ReadAsync(Database database, CancellationToken cancellationToken) =>
        database.ReadAsync(ReadAsync, cancellationToken);

    /// <summary>Seeds of the requests that are being sent now.</summary>
    public static Task<HashSet<uint>> SeedsAsync(Database database, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "select seed from reservation where state in ('R', 'F') and state = 'F'";
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                var seeds = new HashSet<uint>();
                while (await reader.ReadAsync(cancellationToken))
                    seeds.Add((uint)reader.GetInt64(0));
                return seeds;
            },
            cancellationToken
        );

    private static async Task<LedgerBacklog> ReadAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Query;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new LedgerBacklog(Number(0) ?? 0, Number(1) ?? 0, Number(2) ?? 0, Time(3), Time(4), Number(5) ?? 0, Number(6) ?? 0);

        long? Number(int column) => row.IsDBNull(column) ? null : Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);
        DateTimeOffset? Time(int column) =>
            Number(column) is { } micros ? DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond) : null;
    }
}
