using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

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
