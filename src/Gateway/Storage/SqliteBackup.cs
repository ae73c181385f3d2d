using Gateway.Edge;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>
/// SQLite's online backup into one new file, readable by its owner alone. It is written under another name and renamed
/// when it is whole.
/// </summary>
internal sealed class SqliteBackup : IDisposable
{
    /// <summary>256 KiB a step: the ledger's writer waits no longer than for one of its own commits.</summary>
    private const int PagesPerStep = 64;

    private readonly string _path;
    private readonly string _partial;
    private readonly SqliteConnection _target;
    private sqlite3_backup? _copy;

    static SqliteBackup() => Batteries_V2.Init();

    /// <exception cref="IOException">The file exists, or cannot be created.</exception>
    public SqliteBackup(string path)
    {
        _path = path;
        _partial = path + ".partial";
        if (Path.Exists(path))
            throw new IOException($"{path} exists. A backup overwrites nothing.");
        if (Path.Exists(_partial))
            throw new IOException(
                $"{_partial} exists: another backup is writing it, or one was interrupted. Delete it if none is running."
            );
        try
        {
            OwnerOnlyFile.Create(_partial).Dispose();
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException(fault.Message, fault);
        }
        _target = Open(_partial);
        // The last step would wait for the disk to take the whole copy, and the ledger's writer with it. Complete does.
        Execute(_target, "pragma synchronous = off");
    }

    /// <summary>Copies a store that no gateway has open, as it is: nothing is migrated.</summary>
    /// <exception cref="StoreRefusedException">
    /// There is no such store, another process uses it, or it cannot be read.
    /// </exception>
    /// <exception cref="IOException">The backup cannot be written.</exception>
    public static void CopyFile(string store, string path)
    {
        using var source = OpenSource(
            store,
            $"Another process uses {store}, and no gateway answers beside it. Stop that process, or start the gateway."
        );
        using var backup = new SqliteBackup(path);
        backup.Start(source);
        while (!backup.Step()) { }
        backup.Complete();
    }

    /// <summary>Starts, or starts again with a connection that took the place of one that was closed.</summary>
    public void Start(SqliteConnection source)
    {
        _copy?.Dispose();
        _copy = raw.sqlite3_backup_init(_target.Handle!, "main", source.Handle!, "main");
        if (_copy.IsInvalid)
            throw new IOException($"{_partial} cannot be written: {raw.sqlite3_errmsg(_target.Handle!).utf8_to_string()}.");
    }

    /// <summary>
    /// Copies the next pages. What the source's own connection writes between two steps gets into the copy as well.
    /// Must not be called while that connection is in a transaction.
    /// </summary>
    /// <returns>Whether everything has been copied.</returns>
    public bool Step() =>
        raw.sqlite3_backup_step(_copy!, PagesPerStep) switch
        {
            raw.SQLITE_OK => false,
            raw.SQLITE_DONE => true,
            var result => throw new IOException($"{_partial} cannot be written: {raw.sqlite3_errstr(result).utf8_to_string()}."),
        };

    /// <summary>Releases the source, which may be closed then.</summary>
    public void Stop() => _copy?.Dispose();

    /// <summary>Makes one file of it that needs no log, checks it, and gives it its name.</summary>
    public void Complete()
    {
        Stop();
        try
        {
            Execute(_target, "pragma journal_mode = delete");
            if (Execute(_target, "pragma quick_check(1)") is not "ok" and var damage)
                throw new IOException($"The copy is damaged: {damage}.");
        }
        catch (SqliteException fault)
        {
            throw new IOException($"{_partial} cannot be written: {fault.Message}.", fault);
        }
        _target.Dispose();
        using (var file = File.OpenHandle(_partial, access: FileAccess.ReadWrite))
            RandomAccess.FlushToDisk(file);
        File.Move(_partial, _path, overwrite: false);
    }

    public void Dispose()
    {
        Stop();
        _target.Dispose();
        File.Delete(_partial);
        File.Delete(_partial + "-journal");
    }

    /// <summary>A store that no other process can open until the connection is closed.</summary>
    /// <param name="inUse">What to say if another process has it open.</param>
    /// <exception cref="StoreRefusedException">
    /// There is no such store, another process uses it, or it cannot be read.
    /// </exception>
    public static SqliteConnection OpenSource(string store, string inUse)
    {
        if (!File.Exists(store))
            throw new StoreRefusedException($"There is no store at {store}.");
        SqliteConnection? source = null;
        try
        {
            source = Open(store);
            // As the gateway does it: exclusive before the first read, so that a second process is refused by the lock
            // itself.
            Execute(source, "pragma locking_mode = exclusive");
            Execute(source, "select count(*) from sqlite_schema");
            return source;
        }
        catch (SqliteException fault)
        {
            source?.Dispose();
            throw new StoreRefusedException(
                fault.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED ? inUse : $"{store} cannot be read: {fault.Message}.",
                fault
            );
        }
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = file,
                Mode = SqliteOpenMode.ReadWrite,
                Pooling = false,
                DefaultTimeout = 2,
            }.ToString()
        );
        connection.Open();
        return connection;
    }

    private static string? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants above
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar()?.ToString();
    }
}
