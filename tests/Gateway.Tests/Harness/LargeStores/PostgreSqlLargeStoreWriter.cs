using Gateway.Storage;
using Npgsql;

namespace Gateway.Tests.Harness.LargeStores;

/// <summary>One <c>COPY</c> for each table, each on its own connection.</summary>
internal sealed class PostgreSqlLargeStoreWriter : LargeStoreWriter
{
    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlConnection _connection;
    private readonly Dictionary<LargeStoreTable, (NpgsqlConnection Connection, NpgsqlBinaryImporter Importer)> _copies = [];
    private readonly List<string> _indexes = [];

    private PostgreSqlLargeStoreWriter(NpgsqlDataSource source, NpgsqlConnection connection) =>
        (_source, _connection) = (source, connection);

    public static async Task<PostgreSqlLargeStoreWriter> CreateAsync(string connectionString)
    {
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false });
        return new PostgreSqlLargeStoreWriter(source, await source.OpenConnectionAsync());
    }

    public override async Task BeginAsync()
    {
        if ((await ReadAsync("select 'one' from reservation limit 1")).Count > 0)
            throw NotEmpty();
        // Those of constraints stay.
        var indexes = $"""
            from pg_index join pg_class on pg_class.oid = indexrelid
            where indrelid in ({string.Join(", ", LargeStoreTable.All.Select(table => $"'{table.Name}'::regclass"))})
              and not exists (select from pg_constraint where conindid = indexrelid)
            """;
        _indexes.AddRange(await ReadAsync("select pg_get_indexdef(indexrelid) " + indexes));
        foreach (var name in await ReadAsync("select relname::text " + indexes))
            await ExecuteAsync($"drop index {name}");
        foreach (var table in LargeStoreTable.All)
        {
            var connection = await _source.OpenConnectionAsync();
            _copies[table] = (
                connection,
                await connection.BeginBinaryImportAsync($"copy {table.Name} ({table.ColumnList}) from stdin (format binary)")
            );
        }
    }

    public override void Write(LargeStoreTable table, params object?[] values) => _copies[table].Importer.WriteRow(values);

    public override void SetLedger(long highWater, long events, long sent)
    {
        using var command = _connection.Command($"update ledger set high_water = {highWater}, events = {events}, sent = {sent}");
        command.ExecuteNonQuery();
    }

    public override async Task CompleteAsync()
    {
        foreach (var (connection, importer) in _copies.Values)
        {
            await importer.CompleteAsync();
            await importer.DisposeAsync();
            await connection.DisposeAsync();
        }
        _copies.Clear();
        await ExecuteAsync("set maintenance_work_mem = '256MB'");
        foreach (var index in _indexes)
            await ExecuteAsync(index);
        // As autovacuum leaves a store that grew slowly; and no checkpoint of all this falls into a measurement.
        await ExecuteAsync("vacuum (analyze)");
        await ExecuteAsync("checkpoint");
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var (connection, importer) in _copies.Values)
        {
            await importer.DisposeAsync();
            await connection.DisposeAsync();
        }
        await _connection.DisposeAsync();
        await _source.DisposeAsync();
    }

    private Task<List<string>> ReadAsync(string sql) => _connection.Command(sql).ReadAsync(row => row.GetString(0), CancellationToken.None);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _connection.Command(sql);
        await command.ExecuteNonQueryAsync();
    }
}
