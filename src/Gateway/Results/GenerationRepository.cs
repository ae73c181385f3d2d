using System.Data.Common;
using Gateway.Edge;
using Gateway.Ledger;
using Gateway.Leonardo;
using Gateway.Storage;

namespace Gateway.Results;

/// <summary>
/// Who owns which generation and image. Every look-up for a caller is by tenant and id together, so another tenant's
/// object is not found in the same way, and in the same time, as one that does not exist (T-B1).
/// </summary>
/// <param name="recovered">Asked before something is said not to exist; null: nothing was recovered.</param>
internal sealed class GenerationRepository(Database database, TimeProvider time, RecoveredReservations? recovered = null)
{
    /// <returns>Null: unknown, another tenant's, or deleted.</returns>
    /// <exception cref="StoreUnavailableException">
    /// The store did not answer; or it may exist, which is being found out after a crash.
    /// </exception>
    public async Task<StoredGeneration?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(tenant, id, cancellationToken);
        return found is null && await HasRecoveredAsync(tenant, cancellationToken) ? await ReadAsync(tenant, id, cancellationToken) : found;
    }

    private Task<StoredGeneration?> ReadAsync(string tenant, string id, CancellationToken cancellationToken) =>
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
    /// <param name="after">The last entry of the previous page.</param>
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

    /// <returns>Null: not known any more.</returns>
    public Task<GenerationCost?> FindCostAsync(string tenant, string id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command(
                            "select reservation.cost_micros, reservation.cost_amount, reservation.cost_unit from generation "
                                + "join reservation on reservation.id = generation.reservation_id "
                                + "where generation.tenant = @tenant and generation.id = @id and reservation.cost_micros is not null",
                            ("@tenant", tenant),
                            ("@id", id)
                        )
                        .ReadAsync(
                            row => new GenerationCost(row.GetInt64(0), row.GetStringOrNull(1), row.GetStringOrNull(2)),
                            cancellationToken
                        )
                ).SingleOrDefault(),
            cancellationToken
        );

    /// <returns>Whether the image exists, and where its bytes are, if the upstream stated it.</returns>
    /// <exception cref="StoreUnavailableException">See <see cref="FindAsync"/>.</exception>
    public async Task<(bool Found, Uri? Url)> FindImageAsync(
        string tenant,
        string generationId,
        string id,
        CancellationToken cancellationToken
    )
    {
        var image = await ReadImageAsync(tenant, generationId, id, cancellationToken);
        return !image.Found && await HasRecoveredAsync(tenant, cancellationToken)
            ? await ReadImageAsync(tenant, generationId, id, cancellationToken)
            : image;
    }

    private Task<(bool Found, Uri? Url)> ReadImageAsync(
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
                        .ReadAsync(row => (true, row.GetStringOrNull(0) is { } url ? new Uri(url) : null), cancellationToken)
                ).SingleOrDefault(),
            cancellationToken
        );

    private ValueTask<bool> HasRecoveredAsync(string tenant, CancellationToken cancellationToken) =>
        recovered is null ? ValueTask.FromResult(false) : recovered.ThrowIfUnknownAsync(tenant, cancellationToken);

    /// <summary>Deletes a generation that has no images yet. It is polled until its end, unseen.</summary>
    /// <returns>False: it has ended, or is deleted.</returns>
    public Task<bool> DeleteRunningAsync(string tenant, string id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var deleted = await connection
                    .Command(
                        "update generation set deleted_at = @now, result = null "
                            + "where tenant = @tenant and id = @id and deleted_at is null and status = 'PENDING'",
                        ("@now", time.GetUtcNow().Micros()),
                        ("@tenant", tenant),
                        ("@id", id)
                    )
                    .ExecuteAsync(transaction, cancellationToken);
                await DeleteRequestsAsync(connection, transaction, [id], cancellationToken);
                return deleted > 0;
            },
            cancellationToken
        );

    /// <summary>
    /// Deletes a generation and its images. The rows stay without their content, so that the ids can never get another
    /// owner.
    /// </summary>
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
                    .ExecuteAsync(transaction, cancellationToken);
                await DeleteRequestsAsync(connection, transaction, [id], cancellationToken);
                var delete = connection.Command(
                    "update image set deleted_at = @now, url = null where tenant = @tenant and generation_id = @id and deleted_at is null returning id",
                    ("@now", time.GetUtcNow().Micros()),
                    ("@tenant", tenant),
                    ("@id", id)
                );
                delete.Transaction = transaction;
                return await delete.ReadAsync(row => row.GetString(0), cancellationToken);
            },
            cancellationToken
        );

    /// <summary>Deletes what was sent for those of these generations that are deleted.</summary>
    public static async Task DeleteRequestsAsync(
        DbConnection connection,
        DbTransaction transaction,
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    )
    {
        var delete = connection.Command("");
        var names = delete.AddEach("id", ids);
#pragma warning disable CA2100 // names of parameters
        delete.CommandText =
            "delete from sent_request where reservation_id in "
            + $"(select reservation_id from generation where id in ({names}) and deleted_at is not null)";
#pragma warning restore CA2100
        await delete.ExecuteAsync(transaction, cancellationToken);
    }

    /// <summary>
    /// The ids that the tenant may use as references: its own images and completed uploads, each with its type.
    /// </summary>
    public async Task<HashSet<(string Type, string Id)>> FindUsableReferencesAsync(
        string tenant,
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    ) =>
        (
            await ReadReferencesAsync(
                $"select '{ReferenceType.Generated}', id from image where tenant = @tenant and deleted_at is null and id in (@ids) "
                    + $"union all select '{ReferenceType.Uploaded}', id from upload where tenant = @tenant and completed_at is not null and id in (@ids)",
                tenant,
                ids,
                cancellationToken
            )
        ).ToHashSet();

    /// <summary>The ids that belong to another tenant, of either type.</summary>
    public async Task<HashSet<string>> FindForeignReferencesAsync(
        string tenant,
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    ) =>
        (
            await ReadReferencesAsync(
                "select '', id from image where tenant <> @tenant and id in (@ids) union all select '', id from upload where tenant <> @tenant and id in (@ids)",
                tenant,
                ids,
                cancellationToken
            )
        )
            .Select(reference => reference.Id)
            .ToHashSet(StringComparer.Ordinal);

    private Task<List<(string Type, string Id)>> ReadReferencesAsync(
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
#pragma warning disable CA2100 // one of the two statements above, with the names of parameters inserted
                command.CommandText = sql.Replace("@ids", names, StringComparison.Ordinal);
#pragma warning restore CA2100
                return command.ReadAsync(row => (row.GetString(0), row.GetString(1)), cancellationToken);
            },
            cancellationToken
        );
}
