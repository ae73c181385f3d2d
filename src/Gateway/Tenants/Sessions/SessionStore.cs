using System.Data.Common;
using Gateway.Storage;

namespace Gateway.Tenants.Sessions;

/// <summary>
/// The sessions, in the store that all replicas share: each request reads its own, so that an end is immediate.
/// </summary>
internal sealed class SessionStore(Database database, TimeProvider time)
{
    /// <summary>For each tenant, and each operator; another sign-in ends the oldest.</summary>
    public const int MaxSessions = 1000;

    private const int SliceSize = 500;
    private const string Columns = "role, name, token, claim_name, claim_value, person, expires_at";

    /// <returns>The identities that have not expired; none: there is no such session.</returns>
    public Task<List<SessionIdentity>> FindAsync(SessionKey key, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .PositionalCommand(
                        $"select {Columns}, created_at from session where digest = @p0 and expires_at > @p1",
                        key.Digest,
                        UnixMicroseconds.From(time.GetUtcNow())
                    )
                    .ReadAsync(Read, cancellationToken),
            cancellationToken
        );

    /// <summary>Starts a session with a new key; the previous ones end (session fixation).</summary>
    /// <param name="previous">The digests of the sessions that the browser has.</param>
    /// <param name="keepsOtherRole">Whether the new session also takes over the role that is not among the
    /// identities.</param>
    public async Task<SessionKey> CreateAsync(
        IReadOnlyList<byte[]> previous,
        bool keepsOtherRole,
        IReadOnlyList<SessionIdentity> identities,
        CancellationToken cancellationToken
    )
    {
        var key = SessionKey.Create();
        await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                foreach (var identity in identities)
                    await AddAsync(connection, transaction, key, identity, cancellationToken);
                foreach (var digest in previous)
                {
                    if (keepsOtherRole)
                        await MoveOtherRoleAsync(connection, transaction, digest, key, cancellationToken);
                    await DeleteAsync(connection, transaction, digest, cancellationToken);
                }
                return true;
            },
            cancellationToken
        );
        return key;
    }

    public Task EndAsync(SessionKey key, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) => DeleteAsync(connection, transaction, key.Digest, cancellationToken),
            cancellationToken
        );

    /// <summary>Ends one role of a session; another one that it has goes on.</summary>
    public Task EndAsync(SessionKey key, SessionRole role, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .PositionalCommand("delete from session where digest = @p0 and role = @p1", key.Digest, ToText(role))
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        );

    /// <summary>Deletes expired sessions, few in each transaction. A session has up to two rows.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> PruneAsync(CancellationToken cancellationToken) =>
        await database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .PositionalCommand(
                        "delete from session where digest in (select digest from session where expires_at <= @p0 order by expires_at limit @p1) and expires_at <= @p0",
                        UnixMicroseconds.From(time.GetUtcNow()),
                        SliceSize
                    )
                    .ExecuteAsync(transaction, cancellationToken),
            cancellationToken
        ) >= SliceSize;

    private async Task AddAsync(
        DbConnection connection,
        DbTransaction transaction,
        SessionKey key,
        SessionIdentity identity,
        CancellationToken cancellationToken
    )
    {
        var role = ToText(identity.Role);
        await connection
            .PositionalCommand(
                "delete from session where role = @p0 and name = @p1 and digest in (select digest from session where role = @p0 and name = @p1 order by created_at desc limit @p2 offset @p3)",
                role,
                identity.Name,
                SliceSize,
                MaxSessions - 1
            )
            .ExecuteAsync(transaction, cancellationToken);
        await connection
            .PositionalCommand(
                $"insert into session (digest, created_at, {Columns}) values (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8)",
                key.Digest,
                UnixMicroseconds.From(time.GetUtcNow()),
                role,
                identity.Name,
                identity.TokenDigest,
                identity.Claim?.Name,
                identity.Claim?.Value,
                identity.Person,
                UnixMicroseconds.From(identity.ExpiresAt)
            )
            .ExecuteAsync(transaction, cancellationToken);
    }

    private static Task<int> MoveOtherRoleAsync(
        DbConnection connection,
        DbTransaction transaction,
        byte[] digest,
        SessionKey key,
        CancellationToken cancellationToken
    ) =>
        connection
            .PositionalCommand(
                "update session set digest = @p0 where digest = @p1 and role not in (select role from session where digest = @p0)",
                key.Digest,
                digest
            )
            .ExecuteAsync(transaction, cancellationToken);

    private static Task<int> DeleteAsync(
        DbConnection connection,
        DbTransaction transaction,
        byte[] digest,
        CancellationToken cancellationToken
    ) => connection.PositionalCommand("delete from session where digest = @p0", digest).ExecuteAsync(transaction, cancellationToken);

    private static SessionIdentity Read(DbDataReader row) =>
        new(
            row.GetString(0) == ToText(SessionRole.Operator) ? SessionRole.Operator : SessionRole.Tenant,
            row.GetString(1),
            row.GetStringOrNull(2),
            row.IsDBNull(3) ? null : (row.GetString(3), row.GetString(4)),
            row.GetStringOrNull(5),
            row.GetTime(6)
        )
        {
            CreatedAt = row.GetTime(7),
        };

    private static string ToText(SessionRole role) => role == SessionRole.Operator ? "operator" : "tenant";
}
