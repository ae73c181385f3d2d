using System.Data.Common;
using Gateway.Edge;

namespace Gateway.Storage;

/// <summary>A store with its schema in place. It opens itself, and opens again after a fault.</summary>
/// <remarks>
/// The one place where a fault of the engine becomes a <see cref="StoreUnavailableException"/>. What the engine refuses
/// because a value breaks a constraint stays as it is: that is a bug, and waiting does not help.
/// </remarks>
internal abstract partial class Database(ILogger log, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private bool _ready;

    /// <summary>For the start-up log: engine and version.</summary>
    public string Description { get; protected set; } = "not opened yet";

    /// <summary>What the engines say differently.</summary>
    public abstract Dialect Dialect { get; }

    protected TimeProvider Time => time;

    /// <summary>Chooses by engine, for what needs its own kind of connection.</summary>
    public abstract T Select<T>(Func<SqliteDatabase, T> sqlite, Func<PostgreSqlDatabase, T> postgreSql);

    /// <summary>Connects and brings the schema up to date, once. Costs nothing after that.</summary>
    /// <exception cref="StoreRefusedException">The store must not be used.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be opened now.</exception>
    public async ValueTask EnsureOpenAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _ready))
            return;
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_ready)
                return;
            await ConnectAsync(cancellationToken);
            Volatile.Write(ref _ready, true);
            LogOpened(log, Description);
        }
        catch (Exception fault) when (fault is not StoreUnavailableException && !cancellationToken.IsCancellationRequested)
        {
            throw new StoreUnavailableException("The store cannot be opened.", fault);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>
    /// Runs a report beside the ledger's writer, which does not wait for it. It sees only what is committed; each of
    /// its statements sees one instant.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> report, CancellationToken cancellationToken) =>
        GuardAsync(() => ReadCoreAsync(report, isSnapshot: false, cancellationToken));

    /// <summary>
    /// The same, but all statements of the report see one instant. It must be short: what the store keeps for it grows.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<T> ReadSnapshotAsync<T>(Func<DbConnection, CancellationToken, Task<T>> report, CancellationToken cancellationToken) =>
        GuardAsync(() => ReadCoreAsync(report, isSnapshot: true, cancellationToken));

    /// <summary>Runs one transaction of a feature other than the ledger. Committed when it returns.</summary>
    /// <param name="isDurable">
    /// False: a power cut may undo it, which costs nothing. The commit does not wait for the disk on SQLite.
    /// </param>
    /// <exception cref="StoreUnavailableException">
    /// The store did not answer; whether it was committed is not known.
    /// </exception>
    public Task<T> WriteAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        CancellationToken cancellationToken,
        bool isDurable = true
    ) => GuardAsync(() => WriteCoreAsync(change, isDurable, cancellationToken));

    /// <summary>
    /// Writes what was committed from the engine's log into its file, where the engine leaves that to a later commit.
    /// After changes of many old rows, so that nobody waits until all of them are written.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public virtual Task CheckpointAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Looks for damage that the engine does not report by itself. Nothing waits for it.</summary>
    public virtual Task VerifyAsync() => Task.CompletedTask;

    public abstract ValueTask DisposeAsync();

    /// <summary>
    /// Reports an outage of the engine as <see cref="StoreUnavailableException"/>, and lets everything else through.
    /// </summary>
    public async Task<T> GuardAsync<T>(Func<Task<T>> use)
    {
        try
        {
            return await use();
        }
        catch (Exception fault) when (IsOutage(fault))
        {
            throw new StoreUnavailableException("The store did not take an operation.", fault);
        }
    }

    /// <summary>Whether the engine failed, as opposed to what it was given.</summary>
    protected abstract bool IsOutage(Exception fault);

    protected abstract Task<T> ReadCoreAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> report,
        bool isSnapshot,
        CancellationToken cancellationToken
    );

    protected abstract Task<T> WriteCoreAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        bool isDurable,
        CancellationToken cancellationToken
    );

    /// <summary>Opens, locks out others where the engine needs it, and migrates.</summary>
    protected abstract Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>The next use connects again.</summary>
    protected void Reconnect() => Volatile.Write(ref _ready, false);

    [LoggerMessage(Level = LogLevel.Information, Message = "Store: {Store:l}")]
    private static partial void LogOpened(ILogger log, string store);
}
