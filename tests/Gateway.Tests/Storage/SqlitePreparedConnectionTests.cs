using System.Data.Common;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Tests.Storage;

public sealed class SqlitePreparedConnectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new(inMemory: true);
    private readonly SqlitePreparedConnection _connection;

    public SqlitePreparedConnectionTests()
    {
        var file = new SqliteFile(_folder["gateway.db"]);
        file.EnsureExists();
        _connection = file.NewConnection();
        _connection.Open();
        _connection.Handle!.enable_sqlite3_next_stmt(true);
        SqliteFile.Execute(_connection, "create table thing (id integer primary key, name text not null unique)");
    }

    [Fact]
    public async Task A_statement_is_prepared_once_and_takes_new_values()
    {
        await AddAsync(1, "one");
        await AddAsync(2, "two");
        var prepared = Prepared();
        await AddAsync(3, "three");

        prepared.Count.ShouldBe(1);
        Prepared().ShouldBe(prepared);
        (await NamesAsync(3)).ShouldBe(["three"]);
        (await NamesAsync(2)).ShouldBe(["two"]);
        Prepared().Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_statement_can_be_used_within_its_own_use()
    {
        await AddAsync(1, "one");
        await AddAsync(2, "two");
        var inner = new List<string>();

        var outer = await Names(1)
            .ReadAsync(
                row =>
                {
                    inner.AddRange(NamesAsync(2).GetAwaiter().GetResult());
                    return row.GetString(0);
                },
                CancellationToken.None
            );

        outer.ShouldBe(["one"]);
        inner.ShouldBe(["two"]);
    }

    [Fact]
    public async Task A_statement_that_failed_is_not_kept()
    {
        await AddAsync(1, "one");
        (await Should.ThrowAsync<SqliteException>(AddAsync(2, "one"))).SqliteErrorCode.ShouldBe(raw.SQLITE_CONSTRAINT);
        Prepared().ShouldBeEmpty();
        await AddAsync(2, "two");
        (await NamesAsync(2)).ShouldBe(["two"]);
    }

    [Fact]
    public async Task A_kept_statement_joins_the_transaction_of_its_next_use_and_holds_no_lock_after_it()
    {
        await AddAsync(1, "one");
        await using (var transaction = _connection.BeginTransaction())
        {
            await AddAsync(2, "two", transaction);
            (await NamesAsync(2)).ShouldBe(["two"]);
        }
        (await NamesAsync(2)).ShouldBeEmpty();
        SqliteFile.Execute(_connection, "vacuum");
    }

    [Fact]
    public async Task A_text_that_differs_from_use_to_use_is_not_kept()
    {
        var command = _connection.Command("");
        command.CommandText = $"select name from thing where id in ({command.AddEach("id", [1, 2])})";
        await command.ReadAsync(row => row.GetString(0), CancellationToken.None);
        Prepared().ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_so_many_are_kept()
    {
        for (var n = 0; n < 250; n++)
            await _connection.Command($"select {n}").ReadAsync(row => row.GetNumber(0), CancellationToken.None);
        Prepared().Count.ShouldBeInRange(1, 100);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _folder.Dispose();
    }

    private Task AddAsync(int id, string name, SqliteTransaction? transaction = null) =>
        _connection
            .Command("insert into thing values (@id, @name)", ("@id", id), ("@name", name))
            .ExecuteAsync(transaction!, CancellationToken.None);

    private DbCommand Names(int id) => _connection.Command("select name from thing where id = @id", ("@id", id));

    private Task<List<string>> NamesAsync(int id) => Names(id).ReadAsync(row => row.GetString(0), CancellationToken.None);

    /// <summary>The statements that the engine holds for the connection.</summary>
    private List<nint> Prepared()
    {
        var handles = new List<nint>();
        for (var next = raw.sqlite3_next_stmt(_connection.Handle, null!); next is { IsInvalid: false }; )
        {
            handles.Add(next.DangerousGetHandle());
            next = raw.sqlite3_next_stmt(_connection.Handle, next);
        }
        return handles;
    }
}
