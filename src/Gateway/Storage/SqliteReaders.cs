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
    private readonly Lock _gate = new();
    private readonly Stack<SqliteConnection> _idle = [];

    /// <summary>Counts the writer's connections: a reader belongs to the one during which it was opened.</summary>
    private int _generation;
    private bool _isDisposed;

    public async Task<T> RunAsync<T>(Func<SqliteConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        SqliteConnection? connection = null;
        try
        {
            (connection, var generation) = Take();
            connection ??= open();
            var result = await read(connection);
            // After a fault it is closed.
            if (TryReturn(connection, generation))
                connection = null;
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
        lock (_gate)
        {
            _generation++;
            while (_idle.TryPop(out var connection))
                connection.Dispose();
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        Close();
        _free.Dispose();
    }

    /// <returns>Null: none is idle.</returns>
    private (SqliteConnection? Connection, int Generation) Take()
    {
        lock (_gate)
            return (_idle.TryPop(out var connection) ? connection : null, _generation);
    }

    private bool TryReturn(SqliteConnection connection, int generation)
    {
        lock (_gate)
        {
            if (generation != _generation)
                return false;
            _idle.Push(connection);
            return true;
        }
    }
}
