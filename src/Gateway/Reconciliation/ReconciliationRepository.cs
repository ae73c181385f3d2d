using System.Data.Common;
using System.Globalization;
using Gateway.Ledger.Maintenance;
using Gateway.Storage;

namespace Gateway.Reconciliation;

/// <summary>Records which replica checks which unknown reservation, and when the next attempt is due.</summary>
internal sealed class ReconciliationRepository(Database database, TimeProvider time)
{
    /// <summary>Rows of one transaction, so that the ledger's writer never waits long.</summary>
    public const int SliceSize = 32;

    /// <summary>The pauses between attempts; the last one repeats.</summary>
    private static readonly TimeSpan[] Pauses =
    [
        .. new[] { 5, 15, 30, 60, 60, 60, 120, 300, 600 }.Select(seconds => TimeSpan.FromSeconds(seconds)),
    ];

    /// <summary>Further away than the longest pause: the clock was set back since.</summary>
    private static readonly string Later = string.Create(
        CultureInfo.InvariantCulture,
        $"reconciliation.next_at > @now and reconciliation.next_at <= @now + {Pauses[^1].Micros()}"
    );

    private static readonly string Claim = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        insert into reconciliation (reservation_id, attempts, next_at) values (@id, 1, @now + {Pauses[0].Micros()})
        on conflict (reservation_id) do update set
          attempts = reconciliation.attempts + 1,
          next_at = @now + case {string.Concat(
            Pauses[..^1].Select((pause, attempts) => $"when reconciliation.attempts = {attempts} then {pause.Micros()} ")
        )} else {Pauses[^1].Micros()} end
        where not ({Later})
        returning attempts
        """
    );

    /// <summary>
    /// Seeds of the requests that are being sent now. Their generations have no owner yet, and must not be given to
    /// another reservation (T-G15).
    /// </summary>
    public Task<HashSet<uint>> ReadSeedsInFlightAsync(CancellationToken cancellationToken) =>
        LedgerBacklog.ReadSeedsAsync(database, cancellationToken);

    /// <summary>Claims the reservations that are due, for this replica.</summary>
    /// <returns>The ids of the claimed ones.</returns>
    public async Task<HashSet<Guid>> ClaimAsync(IReadOnlyList<Guid> reservations, CancellationToken cancellationToken)
    {
        var claimed = new HashSet<Guid>();
        foreach (var slice in reservations.Chunk(SliceSize))
        {
            // Most are not due, and are found so without the writer.
            var later = await FindAsync(
                $"select reservation_id from reconciliation where {Later} and reservation_id",
                slice.Select(id => id.ToString()),
                cancellationToken
            );
            if (slice.Where(id => !later.Contains(id.ToString())).ToList() is { Count: > 0 } due)
                claimed.UnionWith(await database.WriteAsync(ClaimDueAsync(due), cancellationToken));
        }
        return claimed;
    }

    /// <summary>The generations among <paramref name="ids"/> that have an owner, including deleted ones.</summary>
    public async Task<HashSet<string>> FindOwnedAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        var owned = new HashSet<string>(StringComparer.Ordinal);
        // In chunks, because both engines limit the number of parameters.
        foreach (var chunk in ids.Chunk(500))
            owned.UnionWith(await FindAsync("select id from generation where id", chunk, cancellationToken));
        return owned;
    }

    /// <summary>Records why the reservation is still open, for the operator.</summary>
    public Task SetNoteAsync(Guid reservation, string note, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        "update reconciliation set note = @note where reservation_id = @id",
                        ("@note", note),
                        ("@id", reservation.ToString())
                    )
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );

    /// <summary>
    /// Deletes rows that have been due for an hour: their reservations are resolved, since no replica claims them.
    /// </summary>
    /// <returns>How many; at most <see cref="SliceSize"/>.</returns>
    public Task<int> PruneAsync(CancellationToken cancellationToken)
    {
        var stale =
            $"select reservation_id from reconciliation where next_at < @then order by next_at limit {SliceSize} {database.Dialect.SkipLocked}";
        return database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        $"delete from reconciliation where reservation_id {database.Dialect.AnyOf(stale)}",
                        ("@then", (time.GetUtcNow() - TimeSpan.FromHours(1)).Micros())
                    )
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );
    }

    private Func<DbConnection, DbTransaction, CancellationToken, Task<List<Guid>>> ClaimDueAsync(IReadOnlyList<Guid> reservations) =>
        async (connection, transaction, cancellationToken) =>
        {
            var claimed = new List<Guid>();
            foreach (var id in reservations)
            {
                var claim = connection.Command(Claim, ("@id", id.ToString()), ("@now", time.GetUtcNow().Micros()));
                if ((await claim.ReadAsync(row => row.GetInt32(0), cancellationToken, transaction)).Count > 0)
                    claimed.Add(id);
            }
            return claimed;
        };

    /// <param name="sql">Selects one text column, and ends with the column that must be one of the values.</param>
    private Task<HashSet<string>> FindAsync(string sql, IEnumerable<string> values, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                var command = connection.Command("", ("@now", time.GetUtcNow().Micros()));
                var names = command.AddEach("id", values);
#pragma warning disable CA2100 // a constant above, and names of parameters
                command.CommandText = $"{sql} in ({names})";
#pragma warning restore CA2100
                return (await command.ReadAsync(row => row.GetString(0), cancellationToken)).ToHashSet(StringComparer.Ordinal);
            },
            cancellationToken
        );
}
