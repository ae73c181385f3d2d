using System.Globalization;
using Gateway.Storage;

namespace Gateway.Reconciliation;

/// <summary>Which replica looks into which unknown reservation, and when again.</summary>
internal sealed class ReconciliationRepository(Database database, TimeProvider time)
{
    /// <summary>Between the attempts; the last for ever.</summary>
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

    /// <summary>Of these, the ones that are due, and from now on this replica's to look into.</summary>
    public Task<HashSet<Guid>> ClaimAsync(IReadOnlyList<Guid> reservations, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                var mine = new HashSet<Guid>();
                foreach (var id in reservations)
                {
                    var claim = connection.Command(Claim, ("@id", id.ToString()), ("@now", time.GetUtcNow().Micros()));
                    claim.Transaction = transaction;
                    if ((await claim.ReadAsync(row => row.GetInt32(0), cancellationToken)).Count > 0)
                        mine.Add(id);
                }
                return mine;
            },
            cancellationToken
        );

    /// <summary>Of these generations, the ones that have an owner; deleted ones too.</summary>
    public Task<HashSet<string>> OwnedAsync(IEnumerable<string> ids, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                var owned = new HashSet<string>(StringComparer.Ordinal);
                // No engine takes any number of parameters.
                foreach (var some in ids.Chunk(500))
                {
                    var command = connection.Command("");
                    var names = command.AddEach("id", some);
#pragma warning disable CA2100 // names of parameters
                    command.CommandText = $"select id from generation where id in ({names})";
#pragma warning restore CA2100
                    owned.UnionWith(await command.ReadAsync(row => row.GetString(0), cancellationToken));
                }
                return owned;
            },
            cancellationToken
        );

    /// <summary>For the operator.</summary>
    public Task NoteAsync(Guid reservation, string? note, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        "update reconciliation set note = @note where reservation_id = @id",
                        ("@note", note),
                        ("@id", reservation.ToString())
                    )
                    .RunAsync(transaction, cancellationToken),
            cancellationToken
        );

    /// <summary>Forgets those that nobody has looked into for an hour: they are decided.</summary>
    public Task PruneAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        "delete from reconciliation where next_at < @then",
                        ("@then", (time.GetUtcNow() - TimeSpan.FromHours(1)).Micros())
                    )
                    .RunAsync(transaction, cancellationToken),
            cancellationToken
        );
}
