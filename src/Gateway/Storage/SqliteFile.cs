using Gateway.Edge;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Storage;

/// <summary>The file of a store: how it is opened, and what its faults mean.</summary>
/// <param name="name">As the operator wrote it.</param>
internal sealed class SqliteFile(string name)
{
    /// <summary>
    /// 16 MiB of log: a page that changes with every commit is copied into the file once for many commits.
    /// </summary>
    private const int CheckpointPages = 4000;
    private const int PageSize = 4096;

    /// <summary>Whether this process can have several connections while no other process has one.</summary>
    public static readonly bool IsShareable = !OperatingSystem.IsWindows();

    public string Name => name;

    /// <summary>Absolute.</summary>
    public string Path => System.IO.Path.GetFullPath(name);

    public static string? FaultOf(string connectionString) =>
        new SqliteConnectionStringBuilder(connectionString) switch
        {
            { DataSource: "" or ":memory:" } => "must name a file: Data Source=data/gateway.db",
            { Mode: not SqliteOpenMode.ReadWriteCreate } => "must not set Mode",
            _ => null,
        };

    /// <summary>Not opened yet.</summary>
    public SqlitePreparedConnection NewConnection() =>
        new(
            new SqliteConnectionStringBuilder
            {
                DataSource = IsShareable ? $"file:{Escaped(Path)}?vfs=unix-excl" : name,
                Pooling = false,
                DefaultTimeout = 2,
            }.ToString()
        );

    /// <summary>
    /// Creates its folder and an empty file. SQLite gives the same permissions to the files beside it.
    /// </summary>
    public void EnsureExists()
    {
        if (System.IO.Path.GetDirectoryName(Path) is { } folder)
            Directory.CreateDirectory(folder);
        if (!File.Exists(Path))
            OwnerOnlyFile.Create(Path).Dispose();
    }

    /// <summary>A connection beside the one that writes.</summary>
    public SqlitePreparedConnection OpenReader()
    {
        var connection = NewConnection();
        try
        {
            connection.Open();
            Execute(connection, "pragma query_only = on");
            Execute(connection, "pragma cache_size = -8000");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Reads the whole file. Takes seconds for each gigabyte.</summary>
    /// <returns>Null: it is sound, or the search was cancelled.</returns>
    public StoreRefusedException? FindDamage(SqliteConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            using var interrupt = cancellationToken.Register(() => raw.sqlite3_interrupt(connection.Handle!));
            using var command = connection.CreateCommand();
            command.CommandText = "pragma quick_check(1)";
            return command.ExecuteScalar() is string verdict and not "ok" && !cancellationToken.IsCancellationRequested
                ? Damaged(verdict)
                : null;
        }
        catch (SqliteException fault) when (IsDamage(fault) || fault.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            return IsDamage(fault) ? RefusalOf(fault) : null;
        }
    }

    /// <summary>The same beside everything else, by a connection of its own.</summary>
    public StoreRefusedException? FindDamage(CancellationToken cancellationToken)
    {
        try
        {
            using var connection = OpenReader();
            using var checkpoint = NewConnection();
            checkpoint.Open();
            var damage = FindDamage(connection, cancellationToken);
            // While it was read, the log could not be emptied: the next commit would write all of it.
            if (new FileInfo(Path + "-wal") is { Exists: true, Length: > CheckpointPages * PageSize })
                Execute(checkpoint, "pragma wal_checkpoint(passive)");
            return damage;
        }
        catch (SqliteException fault)
        {
            // Anything else is found again by the next use of the store.
            return IsDamage(fault) ? RefusalOf(fault) : null;
        }
    }

    private static bool IsDamage(SqliteException fault) => fault.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <returns>Null: a fault that may pass.</returns>
    public StoreRefusedException? RefusalOf(SqliteException fault) =>
        fault.SqliteErrorCode switch
        {
            raw.SQLITE_BUSY => InUse(fault),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Damaged(fault.Message, fault),
            _ => null,
        };

    public StoreRefusedException InUse(Exception? cause = null) =>
        new($"Another process uses {name}. One gateway may use a SQLite file; run several on PostgreSQL (Storage:Engine).", cause);

    /// <summary>Of the connection that writes.</summary>
    public static void Configure(SqliteConnection connection)
    {
        // Before the first look at the log, so that the lock refuses a second process.
        if (!IsShareable)
            Execute(connection, "pragma locking_mode = exclusive");
        Execute(connection, "pragma journal_mode = wal");
        SetFlushes(connection, flushes: true);
        Execute(connection, $"pragma wal_autocheckpoint = {CheckpointPages}");
        // A long read delays the checkpoint; afterwards the log becomes small again.
        Execute(connection, "pragma journal_size_limit = 67108864");
        Execute(connection, "pragma foreign_keys = on");
        Execute(connection, "pragma cache_size = -32000");
    }

    /// <summary>
    /// A reservation must survive a power cut: without FULL a commit is durable only with the next one that flushes, or
    /// at the next checkpoint. What is durable is always a prefix of what was committed.
    /// </summary>
    public static void SetFlushes(SqliteConnection connection, bool flushes) =>
        Execute(connection, flushes ? "pragma synchronous = full" : "pragma synchronous = normal");

    public static int Execute(SqliteConnection connection, string pragma)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this folder
        command.CommandText = pragma;
#pragma warning restore CA2100
        return command.ExecuteNonQuery();
    }

    private StoreRefusedException Damaged(string fault, Exception? cause = null) =>
        new(
            $"{name} is damaged ({fault}). Restore it from a backup together with its -wal file, or move it away to start with an empty ledger.",
            cause
        );

    private static string Escaped(string path) => Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal);
}
