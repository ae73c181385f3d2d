using System.Collections.Concurrent;
using System.Data.Common;
using Gateway.Edge;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>
/// One file, one process (T-G12), one connection that writes and makes the checkpoints. The others only read; the check
/// of the whole file makes a checkpoint at its end.
/// </summary>
/// <remarks>
/// The VFS unix-excl keeps every other process out and the index of the log in this process's memory: there is no
/// shared memory file. Windows has no such VFS: there the writer's connection reads too.
/// </remarks>
internal sealed class SqliteDatabase : Database
{
    private static readonly ConcurrentDictionary<string, SqliteDatabase> InUse = new(StringComparer.Ordinal);

    private readonly SqliteFile _file;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<Type, IDisposable> _kept = [];
    private readonly SqliteReaders _readers;
    private SqliteConnection? _connection;
    private SqliteBackup? _backup;
    private readonly CancellationTokenSource _disposing = new();
    private Task? _check;
    private StoreRefusedException? _damage;
    private bool _isDisposed;
    private bool _flushes;

    /// <summary>A gateway must be ready within a second or two, whatever the size of its store.</summary>
    private static readonly TimeSpan StartUpCheckTime = TimeSpan.FromSeconds(0.5);

    static SqliteDatabase() => Batteries_V2.Init();

    public SqliteDatabase(string connectionString, ILogger<SqliteDatabase> log, TimeProvider time)
        : base(log, time)
    {
        _file = new SqliteFile(new SqliteConnectionStringBuilder(connectionString).DataSource);
        _readers = new SqliteReaders(_file.OpenReader);
    }

    /// <summary>The file, absolute.</summary>
    public string FilePath => _file.Path;

    /// <summary>Of the SQLite library that the gateway uses.</summary>
    public static string EngineVersion => raw.sqlite3_libversion().utf8_to_string();

    /// <returns>The file that a connection string names, absolute.</returns>
    public static string PathOf(string connectionString) =>
        Path.GetFullPath(new SqliteConnectionStringBuilder(connectionString).DataSource);

    public override Dialect Dialect => Dialect.Sqlite;

    public override T Select<T>(Func<SqliteDatabase, T> sqlite, Func<PostgreSqlDatabase, T> postgreSql) => sqlite(this);

    /// <summary>
    /// Waits for the connection, which one caller uses at a time. Disposing of the turn lets the next one in.
    /// </summary>
    /// <param name="flushes">
    /// Whether its commits are durable, with all before them. False: the next ones that flush make them durable.
    /// </param>
    public async ValueTask<SqliteTurn> TurnAsync(CancellationToken cancellationToken, bool flushes = true)
    {
        while (true)
        {
            await EnsureOpenAsync(cancellationToken);
            await _turn.WaitAsync(cancellationToken);
            try
            {
                if (_connection is { } connection)
                {
                    SetFlushes(connection, flushes);
                    return new SqliteTurn(this, connection);
                }
            }
            catch
            {
                _turn.Release();
                throw;
            }
            // A use before this one closed it after a fault. Opening it again works, or says what is wrong.
            _turn.Release();
        }
    }

    /// <summary>
    /// Reads the whole file, beside everything else. If it is damaged, every later use of the store is refused.
    /// </summary>
    public override Task VerifyAsync()
    {
        if (_check is { IsCompleted: false } || !SqliteFile.IsShareable)
            return Task.CompletedTask;
        return _check = Task.Run(Check);
    }

    public override Task CheckpointAsync(CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            await using var turn = await TurnAsync(cancellationToken);
            return await turn.RunAsync(() => Task.FromResult(SqliteFile.Execute(turn.Connection, "pragma wal_checkpoint(passive)")));
        });

    public override async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        await _disposing.CancelAsync();
        await _turn.WaitAsync();
        _isDisposed = true;
        Close();
        _readers.Dispose();
        _disposing.Dispose();
        InUse.TryRemove(KeyValuePair.Create(FilePath, this));
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
        bool isSnapshot,
        CancellationToken cancellationToken
    )
    {
        if (!SqliteFile.IsShareable)
        {
            await using var turn = await TurnAsync(cancellationToken);
            return await turn.RunAsync(() => report(turn.Connection, cancellationToken));
        }
        await EnsureOpenAsync(cancellationToken);
        return await _readers.RunAsync(
            async connection =>
            {
                if (!isSnapshot)
                    return await report(connection, cancellationToken);
                await using var snapshot = connection.BeginTransaction(deferred: true);
                return await report(connection, cancellationToken);
            },
            cancellationToken
        );
    }

    protected override async Task<T> WriteCoreAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        bool isDurable,
        CancellationToken cancellationToken
    )
    {
        await using var turn = await TurnAsync(cancellationToken, flushes: isDurable);
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
        _readers.Close();
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
        var connection = _file.NewConnection();
        try
        {
            Close();
            if (_isDisposed)
                throw new StoreUnavailableException("The store has been closed.");
            if (_damage is not null)
                throw _damage;
            // The engine refuses other processes only.
            if (InUse.GetOrAdd(FilePath, this) != this)
                throw _file.InUse();
            _file.EnsureExists();
            connection.Open();
            SqliteFile.Configure(connection);
            _flushes = true;
            await CheckAtStartAsync(connection, cancellationToken);
            await using (var transaction = connection.BeginTransaction(deferred: false))
            {
                await Migration.ApplyAsync(StorageEngine.Sqlite, connection, transaction, Time, cancellationToken);
                await transaction.CommitAsync(CancellationToken.None);
            }
            Description = $"SQLite {connection.ServerVersion}, {_file.Name}, write-ahead log, synchronous=FULL";
            _connection = connection;
        }
        catch (Exception fault)
        {
            await connection.DisposeAsync();
            if (fault is SqliteException sqlite && _file.RefusalOf(sqlite) is { } refusal)
                throw refusal;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void SetFlushes(SqliteConnection connection, bool flushes)
    {
        if (flushes == _flushes)
            return;
        SqliteFile.SetFlushes(connection, flushes);
        _flushes = flushes;
    }

    /// <summary>
    /// Once per process, at the first opening: damage should be found before quotas rely on the file. A large file
    /// takes longer than a start may; then the check goes on beside the gateway.
    /// </summary>
    private async Task CheckAtStartAsync(SqliteConnection connection, CancellationToken cancellationToken)
    {
        if (_check is not null)
            return;
        if (SqliteFile.IsShareable)
            await Task.WhenAny(VerifyAsync(), Task.Delay(StartUpCheckTime, Time, cancellationToken));
        else
            (_check, _damage) = (Task.CompletedTask, _file.FindDamage(connection, cancellationToken));
        if (_damage is not null)
            throw _damage;
    }

    private void Check()
    {
        _damage ??= _file.FindDamage(_disposing.Token);
        if (_damage is not null)
            Reconnect();
    }
}
