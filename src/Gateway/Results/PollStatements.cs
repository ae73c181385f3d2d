using System.Collections.Concurrent;
using System.Globalization;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>
/// The statements of the poll queue in which the engines differ. All replicas use one clock, the ledger's: on
/// PostgreSQL it is the server's.
/// </summary>
/// <remarks>
/// A new generation has <c>next_poll_at</c> 0 and is due by its age; every other is due at <c>next_poll_at</c>. Each
/// kind is one range of the index, with a lower end: PostgreSQL would otherwise read every entry that polls left
/// behind since the oldest open transaction began, for example a backup's.
/// </remarks>
internal sealed class PollStatements
{
    private static readonly ConcurrentDictionary<Dialect, PollStatements> ByDialect = new();

    private const string New = "status = 'PENDING' and next_poll_at = 0 and created_at > @since";
    private const string Polled = "status = 'PENDING' and next_poll_at > @since";

    /// <summary>One look-up by id for each row: the plus keeps SQLite from the index of all that have a slot.</summary>
    private const string HasSlot =
        "exists (select 1 from reservation r where r.id = generation.reservation_id and +r.running_until is not null)";

    private PollStatements(Dialect dialect)
    {
        var (now, greatest, skipLocked, _) = dialect;
        Earliest = $"""
            select {now},
              (select min(created_at) from generation where {New}),
              (select min(next_poll_at) from generation where {Polled}),
              (select running from ledger where id = 1)
            """;
        var pauses = string.Concat(
            PollQueue.Schedule.Select(
                (pause, polls) => string.Create(CultureInfo.InvariantCulture, $"when polls = {polls} then {pause.Micros()} ")
            )
        );
        const string Chosen = "select id from first_polls union all select id from repeated limit @limit";
        Claim = string.Create(
            CultureInfo.InvariantCulture,
            // A scalar subquery is evaluated once: the clock is volatile, and alone could not bound the index.
            $"""
            with first_polls as (
              select id from generation where {New} and created_at <= (select {now} - @first)
              order by created_at limit @limit {skipLocked}
            ), repeated as (
              select id from generation where {Polled} and next_poll_at <= (select {now})
              order by next_poll_at limit @limit {skipLocked}
            )
            update generation set polls = polls + case when @hurry and {HasSlot} then 0 else 1 end, next_poll_at = {now} + case
                when stuck_at is not null then {greatest}(60000000, ({now} - created_at) / 10) when @hurry and {HasSlot} then @pause {pauses} else {PollQueue.Schedule[
                ^1
            ].Micros()} end
            where id {dialect.AnyOf(Chosen)}
            returning id, {now} - created_at, stuck_at, deleted_at, result is not null, trace, {HasSlot}
            """
        );
        const string WithSlot = "select generation_id from reservation where running_until is not null limit @limit";
        const string Ahead = "select id from created_ahead union all select id from due_ahead";
        Realign = $"""
            with created_ahead as (
              select id from generation where status = 'PENDING' and next_poll_at = 0 and created_at > (select {now} + @first)
              order by created_at limit @limit {skipLocked}
            ), due_ahead as (
              select id from generation where status = 'PENDING' and stuck_at is null and next_poll_at > (select {now} + @longest)
              order by next_poll_at limit @limit {skipLocked}
            )
            update generation set next_poll_at = {now} where id {dialect.AnyOf(Ahead)}
            """;
        const string Late = "select id from late";
        Hasten = $"""
            with late as (
              select id from generation where id {dialect.AnyOf(WithSlot)}
                and status = 'PENDING' and stuck_at is null and next_poll_at > (select {now} + @pause) {skipLocked}
            )
            update generation set next_poll_at = {now} + @pause where id {dialect.AnyOf(Late)}
            """;
    }

    /// <summary>
    /// The time, the creation of the earliest new generation, and when the earliest other one is due; null where there
    /// is none; and the slots in use. Parameters: <c>@now</c>, <c>@since</c>.
    /// </summary>
    public string Earliest { get; }

    /// <summary>
    /// Claims polls that are due and returns id, age, stuck, deleted, whether a row is stored, trace, whether it has a
    /// slot. Parameters:
    /// <c>@first</c>, <c>@now</c>, <c>@since</c>, <c>@hurry</c>, <c>@pause</c>, <c>@limit</c>.
    /// </summary>
    public string Claim { get; }

    /// <summary>
    /// Brings polls forward that are due later than in <c>@pause</c>. Parameters: <c>@now</c>, <c>@pause</c>,
    /// <c>@limit</c>.
    /// </summary>
    public string Hasten { get; }

    /// <summary>
    /// Makes due what was created, or is to be polled, so late that the clock was set back since. Parameters:
    /// <c>@now</c>, <c>@first</c>, <c>@longest</c>, <c>@limit</c>.
    /// </summary>
    public string Realign { get; }

    public static PollStatements For(Dialect dialect) => ByDialect.GetOrAdd(dialect, dialect => new PollStatements(dialect));
}
