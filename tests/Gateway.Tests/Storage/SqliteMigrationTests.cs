using System.Globalization;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Storage;

/// <summary>A store that an older gateway wrote is rebuilt without losing a value or a constraint.</summary>
public sealed class SqliteMigrationTests : IAsyncLifetime
{
    /// <summary>What 0004 and 0006 rebuild.</summary>
    private static readonly string[] Tables = ["ledger", "quota_window", "counter", "reservation", "event", "generation"];

    private readonly SqliteHarness _harness = new();

    /// <summary>Of each table in the old store: later migrations add more.</summary>
    private readonly Dictionary<string, List<string>> _columns = new(StringComparer.Ordinal);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task Every_value_is_kept()
    {
        var before = WriteOldStore();

        await using (var database = _harness.Open())
            await database.EnsureOpenAsync(CancellationToken.None);

        using var connection = Connect();
        foreach (var table in Tables)
            Rows(connection, table, _columns[table]).ShouldBe(before[table], table);
    }

    [Fact]
    public async Task Every_index_is_kept_except_those_that_a_later_step_replaces()
    {
        WriteOldStore();
        List<string> before;
        using (var old = Connect())
            before = Indexes(old);
        before.Count.ShouldBe(9);

        await using (var database = _harness.Open())
            await database.EnsureOpenAsync(CancellationToken.None);

        using var connection = Connect();
        foreach (var replaced in (string[])["generation_tenant", "reservation_open"])
            before.RemoveAll(index => index.StartsWith($"CREATE INDEX {replaced} ", StringComparison.OrdinalIgnoreCase)).ShouldBe(1);
        before.Except(Indexes(connection)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_request_may_have_as_many_images_as_its_model_allows()
    {
        WriteOldStore();
        await using (var database = _harness.Open())
            await database.EnsureOpenAsync(CancellationToken.None);

        using var connection = Connect();
        Execute(connection, "update reservation set images = 100");

        Read(connection, "select cast(images as text) from reservation").ShouldBe(["100"]);
    }

    [Theory]
    [InlineData("update reservation set state = 'X'")]
    [InlineData("update reservation set state = 'RF'")]
    [InlineData("update reservation set state = ''")]
    [InlineData("update reservation set images = 0")]
    [InlineData("update generation set status = 'DONE'")]
    [InlineData("update generation set status = ''")]
    [InlineData("update quota_window set images_held = -1")]
    [InlineData("update counter set active = -1")]
    [InlineData(
        "insert into generation (id, tenant, reservation_id, created_at) select 'another', tenant, reservation_id, 0 from generation"
    )]
    [InlineData("insert into event select * from event")]
    public async Task Every_constraint_is_kept(string change)
    {
        WriteOldStore();
        await using (var database = _harness.Open())
            await database.EnsureOpenAsync(CancellationToken.None);

        using var connection = Connect();

        Should.Throw<SqliteException>(() => Execute(connection, change)).SqliteErrorCode.ShouldBe(19);
    }

    /// <summary>By the migrations up to 0003, with one row in each table, no column of which has its default.</summary>
    private Dictionary<string, List<string>> WriteOldStore()
    {
        using var connection = Connect();
        Execute(connection, "create table migration (name text primary key, applied_at text not null)");
        foreach (var step in Migration.For(StorageEngine.Sqlite).Where(step => step.Number <= 3))
        {
            Execute(connection, step.Sql);
            Execute(connection, $"insert into migration values ('{step.Name}', '')");
        }
        Execute(connection, "update ledger set high_water = 5, events = 6, sent = 7, running = 8, pruned_to = '2026-01'");
        foreach (var table in Tables.Where(table => table != "ledger"))
        {
            var columns = Columns(connection, table);
            Execute(connection, $"insert into {table} values ({string.Join(", ", columns.Select(Value))})");
        }
        foreach (var table in Tables)
            _columns[table] = Columns(connection, table);
        return Tables.ToDictionary(table => table, table => Rows(connection, table, _columns[table]), StringComparer.Ordinal);
    }

    private static string Value(string column, int at) =>
        column switch
        {
            "state" => "'F'",
            "status" => "'PENDING'",
            "id" or "tenant" or "reservation_id" => $"'{column}'",
            "images" => "3",
            _ => (at + 100).ToString(CultureInfo.InvariantCulture),
        };

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={_harness.File};Pooling=False");
        connection.Open();
        return connection;
    }

    private static List<string> Columns(SqliteConnection connection, string table) =>
        Read(connection, $"select name from pragma_table_info('{table}') order by cid");

    /// <summary>Each row as its columns sorted by name, so that their order in the table does not matter.</summary>
    private static List<string> Rows(SqliteConnection connection, string table, List<string> columns) =>
        Read(
            connection,
            $"select {string.Join(" || ';' || ", columns.Order(StringComparer.Ordinal).Select(name => $"'{name}=' || quote({name})"))} from {table}"
        );

    private static List<string> Indexes(SqliteConnection connection) =>
        Read(
            connection,
            "select sql from sqlite_schema where type = 'index' and sql is not null and tbl_name in ('reservation', 'generation') order by name"
        );

    private static List<string> Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the test's own
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(reader.GetString(0));
        return rows;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the test's own
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
