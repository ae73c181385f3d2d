using System.Data.Common;
using Gateway.Edge;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>
/// One file, one process, one connection (T-G12). That connection owns the write-ahead log and its checkpoints, so the
/// file is never shared.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private readonly string _file;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<Type, IDisposable> _kept = [];
    private SqliteConnection? _connection;
    private SqliteBackup? _backup;
    private bool _isChecked;
    private bool _isDisposed;

    static SqliteDatabase() => Batteries_V2.Init();

    public SqliteDatabase(string connectionString, ILogger<SqliteDatabase> log, TimeProvider time)
        : base(log, time) => _file = new SqliteConnectionStringBuilder(connectionString).DataSource;

    /// <summary>The file, absolute.</summary>
    public string FilePath => Path.GetFullPath(_file);

    /// <summary>Of the SQLite library that the gateway uses.</summary>
    public static string EngineVersion => raw.sqlite3_libversion().utf8_to_string();

    /// <returns>The file that a connection string names, absolute.</returns>
    public static string PathOf(string connectionString) =>
        Path.GetFullPath(new SqliteConnectionStringBuilder(connectionString).DataSource);

    public static string? FaultOf(string connectionString) =>
        new SqliteConnectionStringBuilder(connectionString) switch
        {
            { DataSource: "" or ":memory:" } => "must name a file: Data Source=data/gateway.db",
            { Mode: not SqliteOpenMode.ReadWriteCreate } => "must not set Mode",
            _ => null,
        };

    public override Dialect Dialect => Dialect.Sqlite;

    public override T Select<T>(Func<SqliteDatabase, T> sqlite, Func<PostgreSqlDatabase, T> postgreSql) => sqlite(this);

    /// <summary>
    /// Waits for the connection, which one caller uses at a time. Disposing of the turn lets the next one in.
    /// </summary>
    public async ValueTask<SqliteTurn> TurnAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await EnsureOpenAsync(cancellationToken);
            await _turn.WaitAsync(cancellationToken);
            if (_connection is { } connection)
                return new SqliteTurn(this, connection);
            // A use before this one closed it after a fault. Opening it again works, or says what is wrong.
            _turn.Release();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _isDisposed = true;
        Close();
        _turn.Release();
    }

    protected override bool IsOutage(Exception fault) =>
        fault switch
        {
            SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG or raw.SQLITE_RANGE } =>
                false,
            _ => fault is DbException or IOException or UnauthorizedAccessException or TimeoutException,
        };

    protected override async Task<T> ReadCoreAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> report,
        CancellationToken cancellationToken
    )
    {
        await using var turn = await TurnAsync(cancellationToken);
        return await turn.RunAsync(() => report(turn.Connection, cancellationToken));
    }

    protected override async Task<T> WriteCoreAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        CancellationToken cancellationToken
    )
    {
        await using var turn = await TurnAsync(cancellationToken);
        return await turn.RunAsync(async () =>
        {
            await using var transaction = turn.Connection.BeginTransaction(deferred: false);
            var result = await change(turn.Connection, transaction, cancellationToken);
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        });
    }

    /// <summary>
    /// Copies the store into a new file while it is used; each step waits for its turn like any other use.
    /// </summary>
    /// <exception cref="IOException">The file exists or cannot be written, or another backup is running.</exception>
    public async Task BackupAsync(string path, CancellationToken cancellationToken)
    {
        using var backup = new SqliteBackup(path);
        try
        {
            var done = false;
            while (!done)
            {
                await using var turn = await TurnAsync(cancellationToken);
                // After a fault the connection is another one, and the copy starts again.
                if (_backup != backup)
                {
                    if (_backup is not null)
                        throw new IOException("Another backup is running.");
                    backup.Start(turn.Connection);
                    _backup = backup;
                }
                done = backup.Step();
            }
            backup.Complete();
        }
        finally
        {
            Interlocked.CompareExchange(ref _backup, null, backup);
        }
    }

    internal void Release() => _turn.Release();

    /// <summary>
    /// After a fault the connection's state cannot be trusted: the next use opens the file again and sees what is
    /// durable.
    /// </summary>
    internal void Close()
    {
        Reconnect();
        // Before the connection: one statement or backup left open would keep the file, and its lock.
        foreach (var statements in _kept.Values)
            statements.Dispose();
        _kept.Clear();
        _backup?.Stop();
        _backup = null;
        _connection?.Dispose();
        _connection = null;
    }

    internal T Keep<T>(Func<SqliteConnection, T> prepare)
        where T : IDisposable
    {
        if (_kept.TryGetValue(typeof(T), out var kept))
            return (T)kept;
        var statements = prepare(_connection!);
        _kept.Add(typeof(T), statements);
        return statements;
    }

    protected override async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = _file,
                Pooling = false,
                DefaultTimeout = 2,
            }.ToString()
        );
        try
        {
            Close();
            if (_isDisposed)
                throw new StoreUnavailableException("The store has been closed.");
            if (Path.GetDirectoryName(Path.GetFullPath(_file)) is { } folder)
                Directory.CreateDirectory(folder);
            connection.Open();
            Configure(connection);
            await using (var transaction = connection.BeginTransaction(deferred: false))
            {
                await Migration.ApplyAsync(StorageEngine.Sqlite, connection, transaction, Time, cancellationToken);
                await transaction.CommitAsync(CancellationToken.None);
            }
            Description = $"SQLite {connection.ServerVersion}, {_file}, write-ahead log, synchronous=FULL";
            _connection = connection;
        }
        catch (Exception fault)
        {
            await connection.DisposeAsync();
            if (fault is SqliteException { SqliteErrorCode: var code } && RefusalOf(code, fault) is { } refusal)
                throw refusal;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Configure(SqliteConnection connection)
    {
        // Exclusive before the first look at the log: then there is no shared memory, and the lock refuses a second
        // process.
        Execute(connection, "pragma locking_mode = exclusive");
        Execute(connection, "pragma journal_mode = wal");
        Check(connection);
        // A reservation must survive a power cut: without FULL a commit is durable only at the next checkpoint.
        Execute(connection, "pragma synchronous = full");
        // 16 MiB of log: a page that changes with every commit is copied into the file once for many commits.
        Execute(connection, "pragma wal_autocheckpoint = 4000");
        Execute(connection, "pragma foreign_keys = on");
        Execute(connection, "pragma cache_size = -32000");
    }

    private StoreRefusedException? RefusalOf(int code, Exception fault) =>
        code switch
        {
            raw.SQLITE_BUSY => new StoreRefusedException(
                $"Another process uses {_file}. One gateway may use a SQLite file; run several on PostgreSQL (Storage:Engine).",
                fault
            ),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new StoreRefusedException(
                $"{_file} is damaged ({fault.Message}). Restore it from a backup together with its -wal file, or move it away to start with an empty ledger.",
                fault
            ),
            _ => null,
        };

    /// <summary>Once per process, at the first opening: damage must be found before quotas rely on the file.</summary>
    private void Check(SqliteConnection connection)
    {
        if (_isChecked)
            return;
        using var command = connection.CreateCommand();
        command.CommandText = "pragma quick_check(1)";
        if (command.ExecuteScalar() is string verdict and not "ok")
            throw new SqliteException(verdict, raw.SQLITE_CORRUPT);
        _isChecked = true;
    }

    private static void Execute(SqliteConnection connection, string pragma)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants above
        command.CommandText = pragma;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}

/// <summary>The right to use the connection, until disposed of.</summary>
internal sealed class SqliteTurn(SqliteDatabase database, SqliteConnection connection) : IAsyncDisposable
{
    public SqliteConnection Connection => connection;

    /// <summary>Statements prepared once and kept as long as the connection.</summary>
    public T Statements<T>(Func<SqliteConnection, T> prepare)
        where T : IDisposable => database.Keep(prepare);

    /// <summary>A fault of the store closes the connection, so that nothing unfinished is left in it.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> use)
    {
        try
        {
            return await use();
        }
        catch (SqliteException)
        {
            database.Close();
            throw;
        }
    }

    /// <summary>For a fault after which prepared statements may be half bound.</summary>
    public void Close() => database.Close();

    public ValueTask DisposeAsync()
    {
        database.Release();
        return ValueTask.CompletedTask;
    }
}
