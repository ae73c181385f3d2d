using System.Data.Common;
using Gateway.Leonardo.Replies;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>
/// The generations that have not ended, over all tenants, for the watcher. Shared by every replica: whoever moves <c>next_poll_at</c> on has the poll, and
/// nobody else asks before then. A replica that dies loses at most the one poll it was at.
/// </summary>
internal sealed class PollQueue(Database database, WatcherOptions options, TimeProvider time)
{
    /// <summary>The times between the polls of one generation: after the first (a second after it was made), the second, and so on; then the last for ever.</summary>
    public static readonly IReadOnlyList<TimeSpan> Schedule = [.. new[] { 1.5, 2, 3, 5, 10 }.Select(TimeSpan.FromSeconds)];

    public static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private long Now => time.GetUtcNow().Micros();

    /// <summary>How long until the next poll is due, or less than nothing; null: nothing is pending.</summary>
    public Task<TimeSpan?> NextAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command(PollStatements.For(connection).Next, ("@first", First.Micros()), ("@now", Now))
                        .ReadAsync(row => row.IsDBNull(0) ? (TimeSpan?)null : TimeSpan.FromMicroseconds(row.GetInt64(0)), cancellationToken)
                ).Single(),
            cancellationToken
        );

    /// <summary>Takes what is due. Each is this replica's to ask for, once.</summary>
    public Task<List<PollClaim>> ClaimAsync(int most, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var claim = connection.Command(
                    PollStatements.For(connection).Claim,
                    ("@first", First.Micros()),
                    ("@now", Now),
                    ("@most", most)
                );
                claim.Transaction = transaction;
                return await claim.ReadAsync(
                    row => new PollClaim(
                        row.GetString(0),
                        TimeSpan.FromMicroseconds(row.GetInt64(1)),
                        !row.IsDBNull(2),
                        !row.IsDBNull(3),
                        row.GetBoolean(4),
                        row.IsDBNull(5) ? null : row.GetString(5)
                    ),
                    cancellationToken
                );
            },
            cancellationToken
        );

    /// <summary>Makes a poll due now. For a hint from outside; what it says is not believed.</summary>
    /// <returns>False: no such generation is pending.</returns>
    public Task<bool> HintAsync(string id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
                await connection
                    .Command("update generation set next_poll_at = 0 where id = @id and status = 'PENDING'", ("@id", id))
                    .RunAsync(transaction, cancellationToken) > 0,
            cancellationToken
        );

    /// <summary>Keeps what the upstream tells while the generation runs: the prompt, the seed, the size.</summary>
    public Task KeepAsync(UpstreamGeneration seen, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        "update generation set result = @row where id = @id and status = 'PENDING' and deleted_at is null",
                        ("@row", seen.Row),
                        ("@id", seen.Id)
                    )
                    .RunAsync(transaction, cancellationToken),
            cancellationToken
        );

    /// <summary>Past the deadline: an operator sees it, and it is asked for ever more rarely.</summary>
    public Task MarkStuckAsync(string id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        "update generation set stuck_at = @now where id = @id and status = 'PENDING' and stuck_at is null",
                        ("@now", Now),
                        ("@id", id)
                    )
                    .RunAsync(transaction, cancellationToken),
            cancellationToken
        );

    /// <summary>The end, with its images; of a deleted one, only the end. The second time changes nothing.</summary>
    /// <returns>Whether this was the one that ended it, and as its owner may see it; null: deleted.</returns>
    public Task<(bool Ended, StoredGeneration? Stored)> EndAsync(
        string id,
        GenerationStatus status,
        UpstreamGeneration? seen,
        CancellationToken cancellationToken
    ) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var end = connection.Command(
                    "update generation set status = @status, ended_at = @now, result = case when deleted_at is null then @row end "
                        + $"where id = @id and status = 'PENDING' returning tenant, deleted_at, {StoredGeneration.Columns}",
                    ("@status", ResultRow.ToLabel(status)),
                    ("@now", Now),
                    ("@row", seen?.Row),
                    ("@id", id)
                );
                end.Transaction = transaction;
                var ended = (
                    await end.ReadAsync(
                        row => (Tenant: row.GetString(0), IsDeleted: !row.IsDBNull(1), Stored: StoredGeneration.Read(row, 2)),
                        cancellationToken
                    )
                ).SingleOrDefault();
                if (ended.Tenant is null)
                    return (false, (StoredGeneration?)null);
                if (ended.IsDeleted)
                    return (true, null);
                if (seen is not null)
                    await AddImagesAsync(connection, transaction, ended.Tenant, seen, cancellationToken);
                return (true, ended.Stored);
            },
            cancellationToken
        );

    /// <summary>Of these, the ones that ended or were deleted, by whichever replica: null for a deleted one.</summary>
    public Task<List<(string Id, StoredGeneration? Ended)>> EndedAsync(
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

    /// <summary>Forgets generations that ended before the time they are kept for, with their images, but for whose they were; and upload forms that were never used.</summary>
    /// <returns>The ids of the images that are forgotten.</returns>
    public Task<List<string>> PruneAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var now = time.GetUtcNow();
                await connection
                    .Command(
                        "delete from upload where completed_at is null and expires_at < @then",
                        ("@then", (now - TimeSpan.FromHours(1)).Micros())
                    )
                    .RunAsync(transaction, cancellationToken);
                if (options.Retention is not { } retention)
                    return [];
                var times = new (string, object?)[] { ("@now", now.Micros()), ("@then", (now - retention).Micros()) };
                var forget = connection.Command(
                    "update image set deleted_at = @now, url = null where deleted_at is null "
                        + "and generation_id in (select id from generation where ended_at < @then and deleted_at is null) returning id",
                    times
                );
                forget.Transaction = transaction;
                var images = await forget.ReadAsync(row => row.GetString(0), cancellationToken);
                await connection
                    .Command("update generation set deleted_at = @now, result = null where ended_at < @then and deleted_at is null", times)
                    .RunAsync(transaction, cancellationToken);
                return images;
            },
            cancellationToken
        );

    private static async Task AddImagesAsync(
        DbConnection connection,
        DbTransaction transaction,
        string tenant,
        UpstreamGeneration seen,
        CancellationToken cancellationToken
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
                .RunAsync(transaction, cancellationToken);
        }
    }
}

/// <summary>A generation that is this replica's to ask for, once.</summary>
/// <param name="Age">By the store's clock.</param>
/// <param name="HasRow">Whether what the upstream tells while it runs is kept already.</param>
/// <param name="Trace">Of the request that made it; null: none was recorded.</param>
internal sealed record PollClaim(string Id, TimeSpan Age, bool IsStuck, bool IsDeleted, bool HasRow, string? Trace);
