using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Gateway.Storage;

/// <summary>
/// A server that any number of gateways share. Nothing is kept in a session, so a pooler in transaction mode may be in
/// between.
/// </summary>
internal sealed partial class PostgreSqlDatabase : Database
{
    /// <summary>Any number, as long as every gateway takes the same one.</summary>
    public const long MigrationLock = 0x4741_5445_5741_59;

    /// <summary>No statement of the gateway takes longer on a healthy server.</summary>
    private const int TimeoutSeconds = 5;

    /// <summary>More than the gateway has different statements.</summary>
    private const int PreparedStatements = 200;

    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly ILogger _log;
    private NpgsqlDataSource _source;

    public PostgreSqlDatabase(string connectionString, ILogger<PostgreSqlDatabase> log, TimeProvider time)
        : base(log, time)
    {
        _log = log;
        _settings = new NpgsqlConnectionStringBuilder(connectionString);
        _settings.Timeout = Math.Min(_settings.Timeout, TimeoutSeconds);
        _settings.CommandTimeout = Math.Min(_settings.CommandTimeout, TimeoutSeconds);
        // A server that does not answer does not answer a cancellation either.
        _settings.CancellationTimeout = -1;
        _settings.NoResetOnClose = true;
        _settings.ApplicationName ??= "gateway";
        // A connection string with "Max Auto Prepare=0" is that of a pooler.
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
    /// A pooler in transaction mode may lose prepared statements (PgBouncer before 1.21, or with
    /// max_prepared_statements = 0), which causes these faults. Nothing was changed; from the next use on, the gateway
    /// does not prepare statements.
    /// </summary>
    public void OnFault(PostgresException fault)
    {
        if (
            fault.SqlState is not (PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement)
            || _settings.MaxAutoPrepare == 0
        )
            return;
        LogPooler(_log);
        _settings.MaxAutoPrepare = 0;
        // Not disposed of: others still use the old one, and its idle connections end by themselves.
        _source = NpgsqlDataSource.Create(_settings);
    }

    public ValueTask<NpgsqlConnection> ConnectionAsync(CancellationToken cancellationToken) =>
        _source.OpenConnectionAsync(cancellationToken);

    public override Dialect Dialect => Dialect.PostgreSql;

    public override T Select<T>(Func<SqliteDatabase, T> sqlite, Func<PostgreSqlDatabase, T> postgreSql) => postgreSql(this);

    /// <summary>
    /// Classes 22 and 23 are about the values given: bad data, a broken constraint. All others are about the server.
    /// </summary>
    protected override bool IsOutage(Exception fault) =>
        fault switch
        {
            PostgresException { SqlState: ['2', '2' or '3', ..] } => false,
            _ => fault is DbException or IOException or SocketException or TimeoutException,
        };

    protected override async Task<T> ReadCoreAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> report,
        bool isSnapshot,
        CancellationToken cancellationToken
    )
    {
        await EnsureOpenAsync(cancellationToken);
        await using var connection = await ConnectionAsync(cancellationToken);
        if (!isSnapshot)
            return await report(connection, cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        return await report(connection, cancellationToken);
    }

    protected override async Task<T> WriteCoreAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        bool isDurable,
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
        // Gateways that start together migrate one after the other; the lock ends with the transaction.
        await using (var take = new NpgsqlCommand("select pg_advisory_xact_lock($1)", connection, transaction))
        {
            take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = MigrationLock });
            await take.ExecuteNonQueryAsync(cancellationToken);
        }
        await Migration.ApplyAsync(StorageEngine.PostgreSql, connection, transaction, Time, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Description = $"PostgreSQL {connection.PostgreSqlVersion} on {connection.Host}, database {connection.Database}";
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "A pooler between the gateway and PostgreSQL does not support prepared statements: the gateway no longer prepares any"
    )]
    private static partial void LogPooler(ILogger log);
}
