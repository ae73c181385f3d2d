using System.Globalization;
using Gateway.Ledger.Maintenance;
using Gateway.Storage;

namespace Gateway.Reconciliation;

/// <summary>Records which replica checks which unknown reservation, and when the next attempt is due.</summary>
internal sealed class ReconciliationRepository(Database database, TimeProvider time)
{
    /// <summary>The pauses between attempts; the last one repeats.</summary>
    private static readonly TimeSpan[] Pauses =
    [
        .. new[] { 5, 15, 30, 60, 60, 60, 120, 300, 600 }.Select(seconds => TimeSpan.FromSeconds(seconds)),
    ];

    private static readonly string Claim = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        insert into reconciliation (reservation_id, attempts, next_at) values (@id, 1, @now + {Pauses[0].Micros()})
        on conflict (reservation_id) do update set
          attempts = reconciliation.attempts + 1,
          next_at = @now + case {string.Concat(
            Pauses[..^1].Select((pause, attempts) => $"when reconciliation.attempts = {attempts} then {pause.Micros()} ")
        )} else {Pauses[^1].Micros()} end
        where reconciliation.next_at <= @now
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
    public Task<HashSet<Guid>> ClaimAsync(IReadOnlyList<Guid> reservations, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var claimed = new HashSet<Guid>();
                foreach (var id in reservations)
                {
                    var claim = connection.Command(Claim, ("@id", id.ToString()), ("@now", time.GetUtcNow().Micros()));
                    claim.Transaction = transaction;
                    if ((await claim.ReadAsync(row => row.GetInt32(0), cancellationToken)).Count > 0)
                        claimed.Add(id);
                }
                return claimed;
            },
            cancellationToken
        );

    /// <summary>The generations among <paramref name="ids"/> that have an owner, including deleted ones.</summary>
    public Task<HashSet<string>> FindOwnedAsync(IEnumerable<string> ids, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                var owned = new HashSet<string>(StringComparer.Ordinal);
                // In chunks, because both engines limit the number of parameters.
                foreach (var chunk in ids.Chunk(500))
                {
                    var command = connection.Command("");
                    var names = command.AddEach("id", chunk);
#pragma warning disable CA2100 // names of parameters
                    command.CommandText = $"select id from generation where id in ({names})";
#pragma warning restore CA2100
                    owned.UnionWith(await command.ReadAsync(row => row.GetString(0), cancellationToken));
                }
                return owned;
            },
            cancellationToken
        );

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
    public Task PruneAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        "delete from reconciliation where next_at < @then",
                        ("@then", (time.GetUtcNow() - TimeSpan.FromHours(1)).Micros())
                    )
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );
}
