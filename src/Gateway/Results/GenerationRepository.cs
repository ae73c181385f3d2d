using Gateway.Generations;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>
/// Who owns which generation and image. Every look-up on a caller's behalf is by tenant and id together, so what is another tenant's is not found, in the
/// same way and the same time as what does not exist.
/// </summary>
internal sealed class GenerationRepository(Database database, TimeProvider time)
{
    /// <summary>No own generation lives at this id: unknown, another tenant's, or deleted.</summary>
    public Task<StoredGeneration?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command(
                            $"select {StoredGeneration.Columns} from generation where tenant = @tenant and id = @id and deleted_at is null",
                            ("@tenant", tenant),
                            ("@id", id)
                        )
                        .ReadAsync(row => StoredGeneration.Read(row), cancellationToken)
                ).SingleOrDefault(),
            cancellationToken
        );

    /// <summary>Newest first.</summary>
    /// <param name="after">The last one of the page before.</param>
    public Task<List<StoredGeneration>> ListAsync(string tenant, PageCursor? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .Command(
                        $"select {StoredGeneration.Columns} from generation where tenant = @tenant and deleted_at is null "
                            + "and (created_at, id) < (@at, @id) order by created_at desc, id desc limit @limit",
                        ("@tenant", tenant),
                        ("@at", after?.CreatedAtMicros ?? long.MaxValue),
                        ("@id", after?.Id ?? ""),
                        ("@limit", limit)
                    )
                    .ReadAsync(row => StoredGeneration.Read(row), cancellationToken),
            cancellationToken
        );

    /// <returns>Found, and where its bytes are, if the upstream said so.</returns>
    public Task<(bool Found, Uri? Url)> FindImageAsync(
        string tenant,
        string generationId,
        string id,
        CancellationToken cancellationToken
    ) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command(
                            "select url from image where tenant = @tenant and generation_id = @generation and id = @id and deleted_at is null",
                            ("@tenant", tenant),
                            ("@generation", generationId),
                            ("@id", id)
                        )
                        .ReadAsync(row => (true, row.Text(0) is { } url ? new Uri(url) : null), cancellationToken)
                ).SingleOrDefault(),
            cancellationToken
        );

    /// <summary>Hides a generation and its images for good. The rows stay, without what they held: the ids can never be another's.</summary>
    /// <returns>The ids of its images.</returns>
    public Task<List<string>> DeleteAsync(string tenant, string id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                await connection
                    .Command(
                        "update generation set deleted_at = @now, result = null where tenant = @tenant and id = @id and deleted_at is null",
                        ("@now", time.GetUtcNow().Micros()),
                        ("@tenant", tenant),
                        ("@id", id)
                    )
                    .RunAsync(transaction, cancellationToken);
                var forget = connection.Command(
                    "update image set deleted_at = @now, url = null where tenant = @tenant and generation_id = @id and deleted_at is null returning id",
                    ("@now", time.GetUtcNow().Micros()),
                    ("@tenant", tenant),
                    ("@id", id)
                );
                forget.Transaction = transaction;
                return await forget.ReadAsync(row => row.GetString(0), cancellationToken);
            },
            cancellationToken
        );

    /// <summary>Which of these the tenant may use as references: images it made, and uploads it completed, each under its own type.</summary>
    public async Task<HashSet<(string Type, string Id)>> UsableAsync(
        string tenant,
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    ) =>
        (
            await KnownAsync(
                $"select '{Reference.Generated}', id from image where tenant = @tenant and deleted_at is null and id in (@ids) "
                    + $"union all select '{Reference.Uploaded}', id from upload where tenant = @tenant and completed_at is not null and id in (@ids)",
                tenant,
                ids,
                cancellationToken
            )
        ).ToHashSet();

    /// <summary>Which of these are another tenant's, of whatever type.</summary>
    public async Task<HashSet<string>> ForeignAsync(string tenant, IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        (
            await KnownAsync(
                "select '', id from image where tenant <> @tenant and id in (@ids) union all select '', id from upload where tenant <> @tenant and id in (@ids)",
                tenant,
                ids,
                cancellationToken
            )
        )
            .Select(known => known.Id)
            .ToHashSet(StringComparer.Ordinal);

    private Task<List<(string Type, string Id)>> KnownAsync(
        string sql,
        string tenant,
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    ) =>
        database.ReadAsync(
            (connection, cancellationToken) =>
            {
                var command = connection.Command("", ("@tenant", tenant));
                var names = command.AddEach("id", ids);
#pragma warning disable CA2100 // one of the two above, with the names of parameters put in
                command.CommandText = sql.Replace("@ids", names, StringComparison.Ordinal);
#pragma warning restore CA2100
                return command.ReadAsync(row => (row.GetString(0), row.GetString(1)), cancellationToken);
            },
            cancellationToken
        );
}
