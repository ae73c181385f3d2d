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

    /// <summary>More than the gateway has different statements.</summary>
    private const int PreparedStatements = 200;

    private readonly NpgsqlConnectionStringBuilder _settings;
    private NpgsqlDataSource _source;

    public PostgreSqlDatabase(string connectionString, ILogger<PostgreSqlDatabase> log, TimeProvider time)
        : base(log, time)
    {
        _settings = new NpgsqlConnectionStringBuilder(connectionString);
        _settings.Timeout = Math.Min(_settings.Timeout, TimeoutSeconds);
        _settings.CommandTimeout = Math.Min(_settings.CommandTimeout, TimeoutSeconds);
        // A server that does not answer does not answer a cancellation either.
        _settings.CancellationTimeout = -1;
        _settings.NoResetOnClose = true;
        _settings.ApplicationName ??= "gateway";
        // Whoever says "Max Auto Prepare=0" knows of a pooler.
        if (!connectionString.Contains("Auto Prepare", StringComparison.OrdinalIgnoreCase))
        {
            _settings.MaxAutoPrepare = PreparedStatements;
            _settings.AutoPrepareMinUsages = 2;
        }
        _source = NpgsqlDataSource.Create(_settings);
    }

    public static string? FaultOf(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Host is { Length: > 0 } ? null : "must name a Host";

    /// <summary>
    /// A pooler in transaction mode may not carry prepared statements along (PgBouncer before 1.21, or with max_prepared_statements = 0). It shows by
    /// these faults; nothing was changed, and from the next use on the gateway does without.
    /// </summary>
    public void Learn(PostgresException fault)
    {
        if (
            fault.SqlState is not (PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement)
            || _settings.MaxAutoPrepare == 0
        )
            return;
        Log.LogWarning("A pooler between here and PostgreSQL carries no prepared statements: the gateway does without them");
        _settings.MaxAutoPrepare = 0;
        // The old one is left to its last users; its idle connections end by themselves.
        _source = NpgsqlDataSource.Create(_settings);
    }

    public ValueTask<NpgsqlConnection> ConnectionAsync(CancellationToken cancellationToken) =>
        _source.OpenConnectionAsync(cancellationToken);

    public override async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> report, CancellationToken cancellationToken)
    {
        await EnsureOpenAsync(cancellationToken);
        await using var connection = await ConnectionAsync(cancellationToken);
        return await report(connection, cancellationToken);
    }

    public override async Task<T> WriteAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        CancellationToken cancellationToken
    )
    {
        await EnsureOpenAsync(cancellationToken);
        await using var connection = await ConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var result = await change(connection, transaction, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    protected override async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Gateways that start together migrate one after the other; the lock goes with the transaction.
        await using (var take = new NpgsqlCommand("select pg_advisory_xact_lock($1)", connection, transaction))
        {
            take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = MigrationLock });
            await take.ExecuteNonQueryAsync(cancellationToken);
        }
        await Migration.ApplyAsync(StorageEngine.PostgreSql, connection, transaction, Time, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Description = $"PostgreSQL {connection.PostgreSqlVersion} on {connection.Host}, database {connection.Database}";
    }
}
