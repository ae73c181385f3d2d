using Gateway.Storage;

namespace Gateway.Tests.Storage;

/// <summary>What no gateway does with its store.</summary>
internal static class StoreExtensions
{
    /// <returns>How many rows were changed.</returns>
    public static Task<int> ExecuteAsync(this Database database, string sql) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) => connection.Command(sql).ExecuteAsync(transaction, cancellationToken),
            TestContext.Current.CancellationToken
        );

    /// <param name="sql">Selects one number.</param>
    public static async Task<long> NumberAsync(this Database database, string sql) =>
        (
            await database.ReadAsync(
                (connection, cancellationToken) => connection.Command(sql).ReadAsync(row => row.GetInt64(0), cancellationToken),
                TestContext.Current.CancellationToken
            )
        ).Single();
}
