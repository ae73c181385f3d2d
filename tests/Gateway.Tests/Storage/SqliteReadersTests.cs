using Gateway.Storage;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Storage;

public sealed class SqliteReadersTests
{
    /// <summary>A fault of the writer closes the readers, while callers take them and give them back.</summary>
    [Fact]
    public async Task A_connection_in_use_is_never_closed_by_another_thread()
    {
        using var folder = new TemporaryFolder(inMemory: true);
        var file = new SqliteFile(folder["gateway.db"]);
        using var readers = new SqliteReaders(file.OpenReader);
        using var stop = new CancellationTokenSource();
        var closing = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                    readers.Close();
            },
            TestContext.Current.CancellationToken
        );
        try
        {
            await Task.WhenAll(
                Enumerable
                    .Range(0, 4)
                    .Select(_ =>
                        Task.Run(async () =>
                        {
                            for (var n = 0; n < 12_000; n++)
                                await readers.RunAsync(ReadAsync, CancellationToken.None);
                        })
                    )
            );
        }
        finally
        {
            await stop.CancelAsync();
            await closing;
        }

        static async Task<long> ReadAsync(Microsoft.Data.Sqlite.SqliteConnection connection)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "select 1";
            return (long)(await command.ExecuteScalarAsync())!;
        }
    }
}
