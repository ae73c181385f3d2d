using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Gateway.Leonardo.Replies;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>
/// The generations of all tenants that have not ended. All replicas share it: the replica that advances
/// <c>next_poll_at</c> has claimed the poll. A replica that crashes loses at most that one poll.
/// </summary>
internal sealed class PollQueue(Database database, TimeProvider time)
{
    /// <summary>The pauses after the first poll of a generation, the second, and so on; the last one repeats.</summary>
    public static readonly IReadOnlyList<TimeSpan> Schedule = [.. new[] { 1.5, 2, 3, 5, 10 }.Select(TimeSpan.FromSeconds)];

    /// <summary>
    /// Polls a minute of all replicas while requests wait for slots: less than half of the account's 2,000 requests.
    /// </summary>
    private const int HurriedPollsPerMinute = 900;

    /// <summary>More generations than any account runs at once.</summary>
    private const int MaxHastened = 256;

    /// <summary>From the creation to the first poll.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How far the store's clock may step back, and a transaction may lag behind it, before a due poll waits for the
    /// next full scan.
    /// </summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FullScanInterval = TimeSpan.FromMinutes(1);

    /// <summary>Nothing that is pending was created, or is due, before this time (microseconds).</summary>
    private long _since;
    private long? _sinceSet;

    /// <summary>The slots of the account in use, when it was last asked for the time to the next poll.</summary>
    public long Running { get; private set; }

    /// <summary>
    /// Between the polls of each generation while a request waits for a slot: its end is the start of that request.
    /// </summary>
    public TimeSpan ShortPause => TimeSpan.FromSeconds(Math.Max(1, Running * 60.0 / HurriedPollsPerMinute));

    private long Now => time.GetUtcNow().Micros();

    /// <returns>The time until the next poll is due, negative if it is overdue; null: nothing is pending.</returns>
    public async Task<TimeSpan?> GetTimeToNextAsync(CancellationToken cancellationToken)
    {
        var isFullScan = _sinceSet is not { } set || time.GetElapsedTime(set) >= FullScanInterval;
        if (isFullScan)
            (_since, _sinceSet) = (0, time.GetTimestamp());
        var earliest = await database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .Command(PollStatements.For(database.Dialect).Earliest, ("@now", Now), ("@since", _since))
                    .ReadAsync(
                        row =>
                            (
                                Now: row.GetNumber(0),
                                Created: row.GetNumberOrNull(1),
                                Due: row.GetNumberOrNull(2),
                                Running: row.GetNumber(3)
                            ),
                        cancellationToken
                    ),
            cancellationToken
        );
        (var now, var created, var due, Running) = earliest[0];
        _since = Math.Max(0, Math.Min(now, Math.Min(created ?? now, due ?? now)) - ClockTolerance.Micros());
        // A generation that is created, or due, in the future was recorded before the clock was set back.
        var isAhead = created > now + FirstPause.Micros();
        if ((isAhead || isFullScan) && (created ?? due) is not null && await RealignAsync(cancellationToken) > 0)
            return TimeSpan.Zero;
        var firstDue = created + FirstPause.Micros();
        return (firstDue < due ? firstDue : due ?? firstDue) is { } next ? TimeSpan.FromMicroseconds(next - now) : null;
    }

    private Task<int> RealignAsync(CancellationToken cancellationToken) =>
        ExecuteAsync(
            PollStatements.For(database.Dialect).Realign,
            cancellationToken,
            ("@now", Now),
            ("@first", FirstPause.Micros()),
            ("@longest", Schedule[^1].Micros()),
            ("@limit", MaxHastened)
        );

    /// <summary>
    /// Makes generations that have a slot, and whose next poll is further away, due within <see cref="ShortPause"/>.
    /// </summary>
    public Task HastenAsync(CancellationToken cancellationToken) =>
        ExecuteAsync(
            PollStatements.For(database.Dialect).Hasten,
            cancellationToken,
            ("@now", Now),
            ("@pause", ShortPause.Micros()),
            ("@limit", MaxHastened)
        );

    /// <summary>Claims polls that are due, for this replica.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="hurry">Whether the next polls of those with a slot come after <see cref="ShortPause"/>.</param>
    public Task<List<PollClaim>> ClaimAsync(int limit, bool hurry, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var claim = connection.Command(
                    PollStatements.For(database.Dialect).Claim,
                    ("@first", FirstPause.Micros()),
                    ("@now", Now),
                    ("@since", _since),
                    ("@hurry", hurry),
                    ("@pause", ShortPause.Micros()),
                    ("@limit", limit)
                );
                claim.Transaction = transaction;
                return await claim.ReadAsync(
                    row => new PollClaim(
                        row.GetString(0),
                        TimeSpan.FromMicroseconds(row.GetInt64(1)),
                        !row.IsDBNull(2),
                        !row.IsDBNull(3),
                        row.GetBoolean(4),
                        row.IsDBNull(5) ? null : row.GetString(5),
                        row.GetBoolean(6)
                    ),
                    cancellationToken
                );
            },
            cancellationToken,
            isDurable: false
        );

    /// <summary>Makes the next poll of a generation due now, once.</summary>
    /// <returns>False: no such generation is pending, or it was hinted at before.</returns>
    public Task<bool> MakeDueAsync(string id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
                await connection
                    .Command(
                        $"update generation set next_poll_at = {database.Dialect.Now}, hinted_at = {database.Dialect.Now} "
                            + "where id = @id and status = 'PENDING' and hinted_at is null",
                        ("@now", Now),
                        ("@id", id)
                    )
                    .ExecuteAsync(transaction, cancellationToken) > 0,
            cancellationToken
        );

    /// <summary>Stores what the upstream says while the generation runs: the prompt, the seed, the size.</summary>
    public async Task StoreProgressAsync(UpstreamGeneration generation, CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            "update generation set result = @row where id = @id and status = 'PENDING' and deleted_at is null",
            cancellationToken,
            ("@row", await RowAsync(generation, cancellationToken)),
            ("@id", generation.Id)
        );
    }

    /// <summary>Past the deadline the generation is shown to the operator and polled less and less often.</summary>
    public Task MarkStuckAsync(string id, CancellationToken cancellationToken) =>
        ExecuteAsync(
            "update generation set stuck_at = @now where id = @id and status = 'PENDING' and stuck_at is null",
            cancellationToken,
            ("@now", Now),
            ("@id", id)
        );

    /// <summary>
    /// A prompt in which something looks like a secret is shown as it is only if it is the one that the tenant sent.
    /// </summary>
    public async Task<string> RowAsync(UpstreamGeneration generation, CancellationToken cancellationToken)
    {
        if (generation.Row == generation.RowWithPrompt)
            return generation.Row;
        var sent = await database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .Command(
                        "select r.prompt_hash from generation g join reservation r on r.id = g.reservation_id where g.id = @id",
                        ("@id", generation.Id)
                    )
                    .ReadAsync(row => (byte[])row.GetValue(0), cancellationToken),
            cancellationToken
        );
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(generation.Prompt!));
        return sent is [var one] && one.AsSpan().SequenceEqual(hash) ? generation.RowWithPrompt : generation.Row;
    }

    /// <summary>
    /// The generations among <paramref name="ids"/> that have ended, or were deleted (null), by any replica.
    /// </summary>
    public Task<List<(string Id, StoredGeneration? Ended)>> FindEndedAsync(
        IReadOnlyCollection<string> ids,
        CancellationToken cancellationToken
    ) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                var command = connection.Command("");
                var names = command.AddEach("id", ids);
#pragma warning disable CA2100 // names of parameters
                command.CommandText =
                    $"select deleted_at, {StoredGeneration.Columns} from generation where id in ({names}) and (status <> 'PENDING' or deleted_at is not null)";
#pragma warning restore CA2100
                return await command.ReadAsync(
                    row => (row.GetString(1), row.IsDBNull(0) ? StoredGeneration.Read(row, 1) : null),
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>In a commit that does not wait for the disk: what is lost is done again.</summary>
    /// <returns>How many rows were changed.</returns>
    private Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection.Command(sql, parameters).ExecuteAsync(transaction, cancellationToken),
            cancellationToken,
            isDurable: false
        );
}

/// <summary>One poll of a generation that this replica has claimed.</summary>
/// <param name="Age">By the store's clock.</param>
/// <param name="HasRow">Whether what the upstream says while it runs is already stored.</param>
/// <param name="Trace">The trace of the request that created it; null: none was recorded.</param>
/// <param name="HasSlot">Whether its end has not been seen, nor its time limit.</param>
internal sealed record PollClaim(string Id, TimeSpan Age, bool IsStuck, bool IsDeleted, bool HasRow, string? Trace, bool HasSlot);
