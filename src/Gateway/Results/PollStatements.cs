using System.Collections.Concurrent;
using System.Globalization;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>
/// The statements of the poll queue in which the engines differ. All replicas use one clock, the ledger's: on
/// PostgreSQL it is the server's.
/// </summary>
internal sealed class PollStatements
{
    private static readonly ConcurrentDictionary<Dialect, PollStatements> ByDialect = new();

    private PollStatements(Dialect dialect)
    {
        var (now, greatest, skipLocked, _) = dialect;
        // Two index look-ups, however many generations are pending.
        TimeToNext = $"""
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
                order by next_poll_at limit @limit {skipLocked})
            returning id, {now} - created_at, stuck_at, deleted_at, result is not null, trace
            """
        );
    }

    /// <summary>
    /// Microseconds until the next poll is due; null: nothing is pending. Parameters: <c>@first</c>, <c>@now</c>.
    /// </summary>
    public string TimeToNext { get; }

    /// <summary>
    /// Claims polls that are due and returns id, age, stuck, deleted, whether a row is stored, trace. Parameters:
    /// <c>@first</c>, <c>@now</c>, <c>@limit</c>.
    /// </summary>
    public string Claim { get; }

    public static PollStatements For(Dialect dialect) => ByDialect.GetOrAdd(dialect, dialect => new PollStatements(dialect));
}
