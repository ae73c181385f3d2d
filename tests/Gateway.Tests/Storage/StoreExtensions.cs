using Gateway.Storage;

namespace Gateway.Tests.Storage;

/// <summary>Changes of a store that no gateway makes.</summary>
internal static class StoreExtensions
{
    /// <returns>How many rows were changed.</returns>
    public static Task<int> ExecuteAsync(this Database database, string sql) =>
        database.WriteAsync(
            (connection, transaction, cancellationToken) => connection.Command(sql).ExecuteAsync(transaction, cancellationToken),
            TestContext.Current.CancellationToken
        );
}
