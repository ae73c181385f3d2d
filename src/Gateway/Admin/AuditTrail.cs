using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Storage;

namespace Gateway.Admin;

/// <summary>
/// The record of every change an operator made: who, when, what and why. Lines are only appended, in the
/// transaction of the change; a hash chains each line to the previous one.
/// </summary>
internal sealed class AuditTrail(Database database, TimeProvider time)
{
    private const string HashBeforeFirst = "0000000000000000000000000000000000000000000000000000000000000000";
    private const string Columns = "n, at, who, action, target, reason, detail, previous_hash, hash";

    /// <summary>Appends a line in the transaction of the change that it records.</summary>
    public async Task AddAsync(DbConnection connection, DbTransaction transaction, AuditEntry entry, CancellationToken cancellationToken)
    {
        // Two replicas must not chain their lines to the same previous one.
        await database.Dialect.LockAsync(connection, transaction, "lock table admin_audit in exclusive mode", cancellationToken);
        var last = await connection
            .Command("select n, hash from admin_audit order by n desc limit 1")
            .ReadAsync(row => (N: row.GetNumber(0), Hash: row.GetString(1)), cancellationToken, transaction);
        var (n, previous) = last is [var line] ? (line.N + 1, line.Hash) : (1, HashBeforeFirst);
        var at = UnixMicroseconds.From(time.GetUtcNow());
        var hash = Hash(n, at, entry, previous);
        await connection
            .PositionalCommand(
                $"insert into admin_audit ({Columns}) values (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8)",
                n,
                at,
                entry.Who,
                entry.Action,
                entry.Target,
                entry.Reason,
                entry.Detail,
                previous,
                hash
            )
            .ExecuteAsync(transaction, cancellationToken);
    }

    /// <summary>Appends a line for a change that another transaction makes.</summary>
    public Task AddAsync(AuditEntry entry, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                await AddAsync(connection, transaction, entry, cancellationToken);
                return true;
            },
            cancellationToken
        );

    /// <param name="before">Lines older than this number; null: from the newest.</param>
    public Task<List<AuditLine>> ReadAsync(long? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) =>
                connection
                    .PositionalCommand(
                        $"select {Columns} from admin_audit where n < @p0 order by n desc limit @p1",
                        before ?? long.MaxValue,
                        limit
                    )
                    .ReadAsync(Read, cancellationToken),
            cancellationToken
        );

    /// <summary>Whether these consecutive lines, newest first, match their hashes and form a chain.</summary>
    public static bool IsUnbroken(IReadOnlyList<AuditLine> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            var entry = new AuditEntry(line.Who, line.Action, line.Target, line.Reason, line.Detail.GetRawText());
            if (Hash(line.N, UnixMicroseconds.From(new DateTimeOffset(line.At, TimeSpan.Zero)), entry, line.PreviousHash) != line.Hash)
                return false;
            if (i + 1 < lines.Count && (lines[i + 1].Hash != line.PreviousHash || lines[i + 1].N != line.N - 1))
                return false;
            if (line.N == 1 && line.PreviousHash != HashBeforeFirst)
                return false;
        }
        return true;
    }

    private static AuditLine Read(DbDataReader row) =>
        new(
            row.GetNumber(0),
            row.GetTime(1).UtcDateTime,
            row.GetString(2),
            row.GetString(3),
            row.GetString(4),
            row.GetString(5),
            JsonDocument.Parse(row.GetString(6)).RootElement,
            row.GetString(7),
            row.GetString(8)
        );

    /// <summary>Over a JSON array: without separators, different lines could give the same text.</summary>
    private static string Hash(long n, long at, AuditEntry entry, string previous)
    {
        string[] parts =
        [
            previous,
            n.ToString(CultureInfo.InvariantCulture),
            at.ToString(CultureInfo.InvariantCulture),
            entry.Who,
            entry.Action,
            entry.Target,
            entry.Reason,
            entry.Detail,
        ];
        return Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(parts, AdminJson.Default.StringArray)))
        );
    }
}

/// <summary>What an operator does, before it is numbered and hashed.</summary>
/// <param name="Action">
/// <c>suspend</c>, <c>resume</c>, <c>grant</c>, <c>price-ratio-reset</c>, <c>release</c>, <c>settle</c>, or one of the
/// last two with <c>-refused</c>.
/// </param>
/// <param name="Target">A tenant, a model or a reservation.</param>
/// <param name="Detail">JSON.</param>
internal sealed record AuditEntry(string Who, string Action, string Target, string Reason, string Detail = "{}");

/// <summary>One line of the audit trail.</summary>
/// <param name="N">The number of the line, from 1.</param>
/// <param name="PreviousHash">The hash of line N − 1; zeros for the first line.</param>
/// <param name="Hash">SHA-256 of this line and the previous hash.</param>
internal sealed record AuditLine(
    long N,
    DateTime At,
    string Who,
    string Action,
    string Target,
    string Reason,
    JsonElement Detail,
    string PreviousHash,
    string Hash
);
