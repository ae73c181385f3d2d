using System.Data.Common;
using System.Globalization;
using Gateway.Storage;
using Npgsql;

namespace Gateway.Results;

/// <summary>The statements of the watch list in which the engines differ. The clock is the ledger's, one for all replicas: on PostgreSQL the server's.</summary>
internal sealed class PollStatements
{
    private static readonly PollStatements Sqlite = new("@now", "max", "");

    private static readonly PollStatements PostgreSql = new(
        "(extract(epoch from gateway_now()) * 1000000)::bigint",
        "greatest",
        "for update skip locked"
    );

    private PollStatements(string now, string greatest, string skipLocked)
    {
        // Two looks at the index, however many are pending.
        Next = $"""
            select min(due) - {now} from (
              select min(next_poll_at) as due from generation where status = 'PENDING' and next_poll_at > 0
              union all select min(created_at) + @first from generation where status = 'PENDING' and next_poll_at = 0) as both_kinds
            """;
        var pauses = string.Concat(
            PollQueue.Schedule.Select(
                (pause, polls) => string.Create(CultureInfo.InvariantCulture, $"when polls = {polls} then {pause.Micros()} ")
            )
        );
        Claim = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            update generation set polls = polls + 1, next_poll_at = {now} + case
                when stuck_at is not null then {greatest}(60000000, ({now} - created_at) / 10) {pauses} else {PollQueue.Schedule[
                ^1
            ].Micros()} end
            where id in (
                select id from generation where status = 'PENDING' and next_poll_at <= {now} and created_at <= {now} - @first
                order by next_poll_at limit @most {skipLocked})
            returning id, {now} - created_at, stuck_at, deleted_at, result is not null, trace
            """
        );
    }

    /// <summary>Microseconds until the next poll is due; null: nothing is pending. Wants <c>@first</c> and <c>@now</c>.</summary>
    public string Next { get; }

    /// <summary>Takes what is due: id, age, stuck, deleted, whether a row is kept, trace. Wants <c>@first</c>, <c>@now</c> and <c>@most</c>.</summary>
    public string Claim { get; }

    public static PollStatements For(DbConnection connection) => connection is NpgsqlConnection ? PostgreSql : Sqlite;
}
