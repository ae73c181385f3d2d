using Gateway.Benchmarks.Proxy;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.LargeStores;
using Npgsql;

namespace Gateway.Benchmarks;

/// <summary>A store of its own for each gateway, with its size and what its server costs.</summary>
internal sealed record ScaleStore(StorageEngine Engine, string Connection)
{
    /// <param name="server">Null: on SQLite.</param>
    public static async Task<ScaleStore> CreateAsync(string folder, string name, PostgreSqlServer? server) =>
        server is null
            ? new ScaleStore(StorageEngine.Sqlite, $"Data Source={folder}/{name}.db")
            : new ScaleStore(StorageEngine.PostgreSql, await server.CreateDatabaseAsync());

    /// <summary>Makes the schema.</summary>
    public async Task OpenAsync()
    {
        await using var database = LargeStore.Open(Engine, Connection);
        await database.EnsureOpenAsync(CancellationToken.None);
    }

    public Task FillAsync(int reservations) =>
        LargeStore.FillAsync(Engine, Connection, new LargeStoreSize(reservations, Tenants: ScaleGateway.Tenants), DateTimeOffset.UtcNow);

    /// <summary>Of the file with its write-ahead log, or of the database.</summary>
    public async Task<long> BytesAsync()
    {
        if (Engine == StorageEngine.PostgreSql)
            return (await QueryAsync("select pg_database_size(current_database())")).Single();
        var file = SqliteDatabase.PathOf(Connection);
        return new[] { file, file + "-wal" }.Where(File.Exists).Sum(path => new FileInfo(path).Length);
    }

    /// <summary>
    /// User and system time of the server's processes for this database, in microseconds; 0 on SQLite.
    /// </summary>
    public async Task<double> ServerCpuAsync() =>
        Engine == StorageEngine.Sqlite
            ? 0
            : (
                await QueryAsync("select pid::bigint from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
            ).Sum(process => Native.CpuOf((int)process).TotalMicroseconds);

    private async Task<List<long>> QueryAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.Command(sql);
        return await command.ReadAsync(row => row.GetNumber(0), CancellationToken.None);
    }
}
