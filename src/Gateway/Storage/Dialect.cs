using System.Data.Common;

namespace Gateway.Storage;

/// <summary>
/// What the two engines say differently, apart from the ledger's own statements. Times are microseconds since 1970 UTC.
/// </summary>
/// <param name="Now">The clock that all replicas share: the server's; on SQLite the parameter <c>@now</c>.</param>
/// <param name="Greatest">The function that returns the larger of two numbers.</param>
/// <param name="SkipLocked">Ends a select that leaves rows of other replicas alone.</param>
/// <param name="IsShared">
/// Whether other processes write to the store too, so that a read must lock what it relies on.
/// </param>
internal sealed record Dialect(string Now, string Greatest, string SkipLocked, bool IsShared)
{
    public static readonly Dialect Sqlite = new("@now", "max", "", IsShared: false);

    public static readonly Dialect PostgreSql = new(
        "(extract(epoch from gateway_now()) * 1000000)::bigint",
        "greatest",
        "for update skip locked",
        IsShared: true
    );

    /// <summary>SQLite keeps ids as 16 bytes, big-endian.</summary>
    public object Id(Guid id) => IsShared ? id : id.ToByteArray(bigEndian: true);

    /// <param name="select">Few ids.</param>
    /// <returns>
    /// The condition that a column is one of them. PostgreSQL reads an array before it plans how to use it: by the
    /// index, whatever its statistics say.
    /// </returns>
    public string AnyOf(string select) => IsShared ? $"= any(array({select}))" : $"in ({select})";

    /// <param name="sql">Locks what the transaction is about to read; not run where this process is alone.</param>
    public async Task LockAsync(DbConnection connection, DbTransaction transaction, string sql, CancellationToken cancellationToken)
    {
        if (IsShared)
            await connection.Command(sql).ExecuteAsync(transaction, cancellationToken);
    }
}
