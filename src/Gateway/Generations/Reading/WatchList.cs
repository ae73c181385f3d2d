using System.Data.Common;
using System.Globalization;
using Gateway.Leonardo;
using Gateway.Storage;
using Npgsql;

namespace Gateway.Generations.Reading;

/// <summary>
/// The generations that have not ended, over all tenants, for the watcher. Shared by every replica: whoever moves <c>next_poll_at</c> on has the poll, and
/// nobody else asks before then. A replica that dies loses at most the one poll it was at.
/// </summary>
internal sealed class WatchList(Database database, WatchOptions options, TimeProvider time)
{
    /// <summary>The times between the polls of one generation: after the first (a second after it was made), the second, and so on; then the last for ever.</summary>
    public static readonly IReadOnlyList<TimeSpan> Schedule = [.. new[] { 1.5, 2, 3, 5, 10 }.Select(TimeSpan.FromSeconds)];

    public static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private static readonly string Delay = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        case when stuck_at is not null then greatest_of(60000000, (@now - created_at) / 10)
             {string.Concat(Schedule.Select((pause, polls) => $"when polls = {polls} then {pause.Micros()} "))}
             else {Schedule[^1].Micros()} end
        """
    );

    private static readonly string Claim =
        $"update generation set polls = polls + 1, next_poll_at = @now + {Delay} where id in ("
        + "select id from generation where status = 'PENDING' and next_poll_at <= @now and created_at <= @now - @first "
        + "order by next_poll_at limit @most skip_locked) returning id, created_at, stuck_at, deleted_at, result is not null";

    private static readonly string OnSqlite = Claim
        .Replace("greatest_of", "max", StringComparison.Ordinal)
        .Replace("skip_locked", "", StringComparison.Ordinal);

    private static readonly string OnPostgreSql = Claim
        .Replace("greatest_of", "greatest", StringComparison.Ordinal)
        .Replace("skip_locked", "for update skip locked", StringComparison.Ordinal);

    /// <summary>When the next poll is due; null: nothing is pending.</summary>
    public Task<DateTimeOffset?> NextAsync(CancellationToken cancellation) =>
        database.ReadAsync(
            async (connection, token) =>
                (
                    await connection
                        .Command(
                            "select min(case when next_poll_at > created_at + @first then next_poll_at else created_at + @first end) "
                                + "from generation where status = 'PENDING'",
                            ("@first", First.Micros())
                        )
                        .ReadAsync(row => row.Moment(0), token)
                ).Single(),
            cancellation
        );

    /// <summary>Takes what is due. Each is this replica's to ask for, once.</summary>
    public Task<List<Watched>> ClaimAsync(int most, CancellationToken cancellation) =>
        database.WriteAsync(
            async (connection, transaction, token) =>
            {
                var claim = connection.Command(
                    connection is NpgsqlConnection ? OnPostgreSql : OnSqlite,
                    ("@now", time.GetUtcNow().Micros()),
                    ("@first", First.Micros()),
                    ("@most", most)
                );
                claim.Transaction = transaction;
                return await claim.ReadAsync(
                    row => new Watched(
                        row.GetString(0),
                        Sql.Moment(row.GetInt64(1)),
                        !row.IsDBNull(2),
                        !row.IsDBNull(3),
                        row.GetBoolean(4)
                    ),
                    token
                );
            },
            cancellation
        );

    /// <summary>Makes a poll due now. For a hint from outside; what it says is not believed.</summary>
    /// <returns>False: no such generation is pending.</returns>
    public Task<bool> HintAsync(string id, CancellationToken cancellation) =>
        database.WriteAsync(
            async (connection, transaction, token) =>
                await connection
                    .Command("update generation set next_poll_at = 0 where id = @id and status = 'PENDING'", ("@id", id))
                    .RunAsync(transaction, token) > 0,
            cancellation
        );

    /// <summary>Keeps what the upstream tells while the generation runs: the prompt, the seed, the size.</summary>
    public Task KeepAsync(UpstreamGeneration seen, CancellationToken cancellation) =>
        database.WriteAsync(
            (connection, transaction, token) =>
                connection
                    .Command(
                        "update generation set result = @row where id = @id and status = 'PENDING' and deleted_at is null",
                        ("@row", seen.Row),
                        ("@id", seen.Id)
                    )
                    .RunAsync(transaction, token),
            cancellation
        );

    /// <summary>Past the deadline: an operator sees it, and it is asked for ever more rarely.</summary>
    public Task MarkStuckAsync(string id, CancellationToken cancellation) =>
        database.WriteAsync(
            (connection, transaction, token) =>
                connection
                    .Command(
                        "update generation set stuck_at = @now where id = @id and status = 'PENDING' and stuck_at is null",
                        ("@now", time.GetUtcNow().Micros()),
                        ("@id", id)
                    )
                    .RunAsync(transaction, token),
            cancellation
        );

    /// <summary>The end, with its images; of a deleted one, only the end. The second time changes nothing.</summary>
    /// <returns>Whether this was the one that ended it, and as its owner may see it; null: deleted.</returns>
    public Task<(bool Ended, StoredGeneration? Stored)> EndAsync(
        string id,
        GenerationStatus status,
        UpstreamGeneration? seen,
        CancellationToken cancellation
    ) =>
        database.WriteAsync(
            async (connection, transaction, token) =>
            {
                var end = connection.Command(
                    "update generation set status = @status, ended_at = @now, result = case when deleted_at is null then @row end "
                        + $"where id = @id and status = 'PENDING' returning tenant, deleted_at, {StoredGeneration.Columns}",
                    ("@status", ResultRow.Word(status)),
                    ("@now", time.GetUtcNow().Micros()),
                    ("@row", seen?.Row),
                    ("@id", id)
                );
                end.Transaction = transaction;
                var ended = (
                    await end.ReadAsync(
                        row => (Tenant: row.GetString(0), IsDeleted: !row.IsDBNull(1), Stored: StoredGeneration.Read(row, 2)),
                        token
                    )
                ).SingleOrDefault();
                if (ended.Tenant is null)
                    return (false, (StoredGeneration?)null);
                if (ended.IsDeleted)
                    return (true, null);
                if (seen is not null)
                    await AddImagesAsync(connection, transaction, ended.Tenant, seen, token);
                return (true, ended.Stored);
            },
            cancellation
        );

    /// <summary>Of these, the ones that ended or were deleted, by whichever replica: null for a deleted one.</summary>
    public Task<List<(string Id, StoredGeneration? Ended)>> EndedAsync(IReadOnlyCollection<string> ids, CancellationToken cancellation) =>
        database.ReadAsync(
            async (connection, token) =>
            {
                var command = connection.Command("");
                var names = command.AddEach("id", ids);
#pragma warning disable CA2100 // names of parameters
                command.CommandText =
                    $"select deleted_at, {StoredGeneration.Columns} from generation where id in ({names}) and (status <> 'PENDING' or deleted_at is not null)";
#pragma warning restore CA2100
                return await command.ReadAsync(row => (row.GetString(1), row.IsDBNull(0) ? StoredGeneration.Read(row, 1) : null), token);
            },
            cancellation
        );

    /// <summary>Forgets generations that ended before the time they are kept for, with their images; and upload forms that were never used.</summary>
    public Task PruneAsync(CancellationToken cancellation) =>
        database.WriteAsync(
            async (connection, transaction, token) =>
            {
                var now = time.GetUtcNow();
                await connection
                    .Command(
                        "delete from upload where completed_at is null and expires_at < @then",
                        ("@then", (now - TimeSpan.FromHours(1)).Micros())
                    )
                    .RunAsync(transaction, token);
                if (options.Retention is not { } retention)
                    return 0;
                var before = (now - retention).Micros();
                await connection
                    .Command(
                        "delete from image where generation_id in (select id from generation where ended_at < @then)",
                        ("@then", before)
                    )
                    .RunAsync(transaction, token);
                return await connection
                    .Command("delete from generation where ended_at < @then", ("@then", before))
                    .RunAsync(transaction, token);
            },
            cancellation
        );

    private static async Task AddImagesAsync(
        DbConnection connection,
        DbTransaction transaction,
        string tenant,
        UpstreamGeneration seen,
        CancellationToken cancellation
    )
    {
        for (var n = 0; n < seen.Images.Count; n++)
        {
            await connection
                .Command(
                    // An id that is there already keeps its owner, whatever the upstream says.
                    "insert into image (id, generation_id, tenant, n, url) values (@id, @generation, @tenant, @n, @url) on conflict do nothing",
                    ("@id", seen.Images[n].Id),
                    ("@generation", seen.Id),
                    ("@tenant", tenant),
                    ("@n", n),
                    ("@url", seen.Images[n].Url?.AbsoluteUri)
                )
                .RunAsync(transaction, cancellation);
        }
    }
}

/// <summary>A generation that is this replica's to ask for, once.</summary>
internal sealed record Watched(string Id, DateTimeOffset CreatedAt, bool IsStuck, bool IsDeleted, bool HasRow);
