using System.Data.Common;
using Npgsql;

namespace Gateway.Storage;

/// <summary>A server shared by any number of gateways. No state is kept in a session, so a pooler in transaction mode may stand between.</summary>
internal sealed class PostgreSqlDatabase : Database
{
    /// <summary>Any number will do, as long as every gateway takes the same one.</summary>
    private const long MigrationLock = 0x4741_5445_5741_59;

    /// <summary>Nothing the gateway asks takes longer on a server that is well.</summary>
    private const int TimeoutSeconds = 5;

    private readonly NpgsqlDataSource _source;

    public PostgreSqlDatabase(string connectionString, ILogger<PostgreSqlDatabase> log, TimeProvider time)
        : base(log, time)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);
        given.Timeout = Math.Min(given.Timeout, TimeoutSeconds);
        given.CommandTimeout = Math.Min(given.CommandTimeout, TimeoutSeconds);
        // A server that does not answer does not answer a cancellation either.
        given.CancellationTimeout = -1;
        given.NoResetOnClose = true;
        given.ApplicationName ??= "gateway";
        _source = new NpgsqlDataSourceBuilder(given.ConnectionString).Build();
    }

    public static string? FaultOf(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Host is { Length: > 0 } ? null : "must name a Host";

    public ValueTask<NpgsqlConnection> ConnectionAsync(CancellationToken cancellation) => _source.OpenConnectionAsync(cancellation);

    public override async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> report, CancellationToken cancellation)
    {
        await EnsureOpenAsync(cancellation);
        await using var connection = await ConnectionAsync(cancellation);
        return await report(connection, cancellation);
    }

    public override async Task<T> WriteAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        CancellationToken cancellation
    )
    {
        await EnsureOpenAsync(cancellation);
        await using var connection = await ConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var result = await change(connection, transaction, cancellation);
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    protected override async Task ConnectAsync(CancellationToken cancellation)
    {
        await using var connection = await ConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // Gateways that start together migrate one after the other; the lock goes with the transaction.
        await using (var take = new NpgsqlCommand("select pg_advisory_xact_lock($1)", connection, transaction))
        {
            take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = MigrationLock });
            await take.ExecuteNonQueryAsync(cancellation);
        }
        await Migration.ApplyAsync(StorageEngine.PostgreSql, connection, transaction, Time, cancellation);
        await transaction.CommitAsync(cancellation);
        Description = $"PostgreSQL {connection.PostgreSqlVersion} on {connection.Host}, database {connection.Database}";
    }
}
