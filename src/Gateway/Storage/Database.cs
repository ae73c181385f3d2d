using System.Data.Common;

namespace Gateway.Storage;

/// <summary>A store with its schema in place. Opens by itself, and again after a fault; any exception but <see cref="StoreRefusedException"/> means: away, try later.</summary>
internal abstract class Database(ILogger log, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private bool _ready;

    /// <summary>For the start-up log: engine and version.</summary>
    public string Description { get; protected set; } = "not opened yet";

    protected ILogger Log => log;

    protected TimeProvider Time => time;

    /// <summary>Connects and brings the schema up to date, once. Free of cost after that.</summary>
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
            log.LogInformation("Store: {Store}", Description);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Runs a report. It may run beside the ledger's writer, sees only what is committed, and must be short: on SQLite the writer waits for it.</summary>
    public abstract Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> report, CancellationToken cancellationToken);

    /// <summary>Runs one transaction of a feature other than the ledger. Committed when it returns.</summary>
    public abstract Task<T> WriteAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        CancellationToken cancellationToken
    );

    public abstract ValueTask DisposeAsync();

    /// <summary>Opens, locks out others where the engine needs it, and migrates.</summary>
    protected abstract Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>The next use connects again.</summary>
    protected void Reconnect() => Volatile.Write(ref _ready, false);
}
