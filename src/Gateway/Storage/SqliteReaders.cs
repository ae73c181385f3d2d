using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>
/// Connections that only read. In the write-ahead log they see what is committed, and neither they nor the writer
/// waits for the other.
/// </summary>
internal sealed class SqliteReaders(Func<SqliteConnection> open) : IDisposable
{
    /// <summary>A read occupies a thread: more of them would only compete for the processor.</summary>
    private const int MaxConcurrent = 4;

    private readonly SemaphoreSlim _free = new(MaxConcurrent);
    private bool _isDisposed;
    private ConcurrentBag<SqliteConnection> _idle = [];

    public async Task<T> RunAsync<T>(Func<SqliteConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        var pool = _idle;
        var connection = pool.TryTake(out var idle) ? idle : null;
        try
        {
            connection ??= open();
            var result = await read(connection);
            // Kept only if it belongs to the writer's present connection, and nothing went wrong.
            if (ReferenceEquals(pool, Volatile.Read(ref _idle)))
            {
                pool.Add(connection);
                connection = null;
            }
            return result;
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
            if (!_isDisposed)
                _free.Release();
        }
    }

    /// <summary>Closes the idle ones now, and those in use when they come back.</summary>
    public void Close()
    {
        foreach (var connection in Interlocked.Exchange(ref _idle, []))
            connection.Dispose();
    }

    public void Dispose()
    {
        _isDisposed = true;
        Close();
        _free.Dispose();
    }
}
