using Gateway.Storage;

namespace Gateway.Ledger;

/// <summary>
/// The latest time that the ledger took for right. What is past its retention is judged by it: a clock that is wrong
/// for a while must delete nothing (T-G7).
/// </summary>
internal static class LedgerTime
{
    /// <returns>At most a heartbeat old, while the clock is right and the store answers.</returns>
    public static Task<DateTimeOffset> ReadAsync(Database database, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
                (
                    await connection
                        .Command("select high_water from ledger where id = 1")
                        .ReadAsync(row => UnixMicroseconds.ToTime(row.GetInt64(0)), cancellationToken)
                ).Single(),
            cancellationToken
        );
}
