using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// Where the pass over the past stands. It is kept in the store, so that a restart does not begin again, and so that of
/// several replicas one makes it.
/// </summary>
/// <param name="Tenant">The tenant that is being read; empty: the pass has not begun.</param>
/// <param name="Day">The last of its days that was compared; empty: none.</param>
/// <param name="StartedAt">When this pass began, or the last one if none is under way.</param>
/// <param name="FinishedAt">When the last complete pass ended; null: there was none.</param>
internal sealed record PastPosition(string Tenant, string Day, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>After every day.</summary>
    public const string LastDay = "9999-12-31";

    /// <summary>A replica that has not saved its position for this long has stopped.</summary>
    private static readonly TimeSpan ClaimLength = TimeSpan.FromMinutes(2);

    public bool IsUnderWay => Tenant.Length > 0;

    /// <summary>Claims the pass for this instance, or confirms that it still has it.</summary>
    /// <returns>Null: another replica makes it.</returns>
    public static Task<PastPosition?> ClaimAsync(
        Database database,
        Guid instance,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
                (
                    await connection
                        .Command(
                            """
                            update ledger_audit set instance = @instance, claimed_until = @until
                            where id = 1 and (claimed_until < @now or instance = @instance)
                            returning tenant, day, started_at, finished_at
                            """,
                            ("@instance", database.Dialect.Id(instance)),
                            ("@until", (now + ClaimLength).Micros()),
                            ("@now", now.Micros())
                        )
                        .ReadAsync(
                            row => new PastPosition(row.GetString(0), row.GetString(1), row.GetTime(2), row.GetTimeOrNull(3)),
                            cancellationToken,
                            transaction
                        )
                ).SingleOrDefault(),
            cancellationToken
        );

    /// <returns>False: another replica has taken the pass over.</returns>
    public Task<bool> SaveAsync(Database database, Guid instance, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
                await connection
                    .Command(
                        """
                        update ledger_audit set tenant = @tenant, day = @day, started_at = @started, finished_at = @finished, claimed_until = @until
                        where id = 1 and instance = @instance
                        """,
                        ("@tenant", Tenant),
                        ("@day", Day),
                        ("@started", StartedAt.Micros()),
                        ("@finished", FinishedAt?.Micros()),
                        ("@until", (now + ClaimLength).Micros()),
                        ("@instance", database.Dialect.Id(instance))
                    )
                    .ExecuteAsync(transaction, cancellationToken) > 0,
            cancellationToken
        );
}
