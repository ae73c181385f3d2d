using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Harness.LargeStores;

/// <summary>
/// One transaction without a journal: fast, and a file that was not completed is of no use.
/// </summary>
internal sealed class SqliteLargeStoreWriter(string connectionString) : LargeStoreWriter
{
    private readonly SqliteConnection _connection = new(
        new SqliteConnectionStringBuilder { DataSource = SqliteDatabase.PathOf(connectionString), Pooling = false }.ToString()
    );
    private readonly Dictionary<LargeStoreTable, SqliteStatement> _inserts = [];
    private readonly List<string> _indexes = [];

    public override Task BeginAsync()
    {
        _connection.Open();
        Execute("pragma locking_mode = exclusive");
        Execute("pragma journal_mode = off");
        Execute("pragma synchronous = off");
        // Ids of images are in no order: the pages of their index stay in memory.
        Execute("pragma cache_size = -1000000");
        Execute("pragma threads = 2");
        if (Read("select 1 from reservation limit 1").Count > 0)
            throw NotEmpty();
        var tables = string.Join(", ", LargeStoreTable.All.Select(table => $"'{table.Name}'"));
        _indexes.AddRange(Read($"select sql from sqlite_master where type = 'index' and sql is not null and tbl_name in ({tables})"));
        foreach (var name in Read($"select name from sqlite_master where type = 'index' and sql is not null and tbl_name in ({tables})"))
            Execute($"drop index {name}");
        Execute("begin");
        foreach (var table in LargeStoreTable.All)
        {
            _inserts[table] = new SqliteStatement(
                _connection,
                $"insert into {table.Name} ({table.ColumnList}) values ({string.Join(", ", table.Columns.Select(_ => "?"))})"
            );
        }
        return Task.CompletedTask;
    }

    public override void Write(LargeStoreTable table, params object?[] values)
    {
        var insert = _inserts[table];
        foreach (var value in values)
        {
            _ = value switch
            {
                null => insert.With((long?)null),
                string text => insert.With(text),
                Guid id => insert.With(id),
                byte[] bytes => insert.With(bytes.AsSpan()),
                bool flag => insert.With(flag ? 1 : 0),
                _ => insert.With(Convert.ToInt64(value)),
            };
        }
        insert.Execute();
    }

    public override void SetLedger(long highWater, long events, long sent) =>
        Execute($"update ledger set high_water = {highWater}, events = {events}, sent = {sent}");

    public override Task CompleteAsync()
    {
        Execute("commit");
        foreach (var index in _indexes)
            Execute(index);
        Execute("pragma journal_mode = wal");
        CloseConnection();
        using var file = File.OpenWrite(SqliteDatabase.PathOf(connectionString));
        file.Flush(flushToDisk: true);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        CloseConnection();
        return ValueTask.CompletedTask;
    }

    private void CloseConnection()
    {
        foreach (var insert in _inserts.Values)
            insert.Dispose();
        _inserts.Clear();
        _connection.Dispose();
    }

    private List<string> Read(string sql)
    {
        using var command = _connection.Command(sql);
        using var row = command.ExecuteReader();
        var values = new List<string>();
        while (row.Read())
            values.Add(row.GetString(0));
        return values;
    }

    private void Execute(string sql)
    {
        using var command = _connection.Command(sql);
        command.CommandTimeout = 0;
        command.ExecuteNonQuery();
    }
}
