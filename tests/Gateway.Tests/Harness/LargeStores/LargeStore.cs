using Gateway.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Harness.LargeStores;

/// <summary>
/// Fills an empty store with finished reservations and all that belongs to them, so consistently that the audit of the
/// ledger finds nothing.
/// </summary>
internal static class LargeStore
{
    /// <summary>The tenants' ids: <c>team-0</c> has the largest share.</summary>
    public static string Tenant(int number) => $"team-{number}";

    /// <param name="now">When the youngest reservations are made.</param>
    /// <exception cref="InvalidOperationException">There are reservations in the store.</exception>
    public static async Task FillAsync(StorageEngine engine, string connectionString, LargeStoreSize size, DateTimeOffset now)
    {
        // The gateway's own classes make the schema.
        await using (var database = Open(engine, connectionString))
            await database.EnsureOpenAsync(CancellationToken.None);
        await using LargeStoreWriter writer =
            engine == StorageEngine.Sqlite
                ? new SqliteLargeStoreWriter(connectionString)
                : await PostgreSqlLargeStoreWriter.CreateAsync(connectionString);
        await writer.BeginAsync();
        new LargeStoreRows(size, now, writer).Write();
        await writer.CompleteAsync();
    }

    public static Database Open(StorageEngine engine, string connectionString) =>
        engine == StorageEngine.Sqlite
            ? new SqliteDatabase(connectionString, NullLogger<SqliteDatabase>.Instance, TimeProvider.System)
            : new PostgreSqlDatabase(connectionString, NullLogger<PostgreSqlDatabase>.Instance, TimeProvider.System);
}

/// <param name="Days">The reservations are spread over this many days up to now.</param>
internal sealed record LargeStoreSize(int Reservations, int Days = 60, int Tenants = 100);
