using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Storage;

/// <summary>
/// Every table of a SQLite store that no gateway has open, and their rows in a form that both engines share.
/// </summary>
internal sealed class StoreTables(string file)
{
    /// <summary>The list of migrations is each engine's own.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            using var connection = Open();
            return Values(
                connection,
                "select name from sqlite_schema where type = 'table' and name <> 'migration' and name not like 'sqlite_%'"
            );
        }
    }

    /// <summary>Not opened yet.</summary>
    public SqliteConnection Connect() => new($"Data Source={file};Pooling=False");

    public void Execute(string sql)
    {
        using var connection = Open();
        Execute(connection, sql);
    }

    /// <summary>Gives each empty table a row. Where a constraint forbids that, it stays empty.</summary>
    public void FillEmpty()
    {
        using var connection = Open();
        foreach (var table in Names)
        {
            var values = Values(connection, $"select type from pragma_table_info('{table}')")
                .Select(
                    (type, i) =>
                        type switch
                        {
                            "text" => $"'text {i}'",
                            "uuid" or "bytea" => "randomblob(16)",
                            "boolean" => "true",
                            "char(1)" => "'x'",
                            _ => $"{100 - i}",
                        }
                );
            try
            {
                Execute(connection, $"insert into {table} select {string.Join(", ", values)} where not exists (select 1 from {table})");
            }
            catch (SqliteException constraint) when (constraint.SqliteErrorCode == SQLitePCL.raw.SQLITE_CONSTRAINT) { }
        }
    }

    /// <summary>Each row as text, sorted.</summary>
    /// <param name="opening">Of either engine, not opened yet.</param>
    public static async Task<List<string>> ReadAsync(DbConnection opening, string table)
    {
        await using var connection = opening;
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the name of a table
        command.CommandText = $"select * from {table}";
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            var values = Enumerable.Range(0, reader.FieldCount).Select(i => $"{reader.GetName(i)}={Text(reader.GetValue(i))}");
            rows.Add(string.Join(" | ", values.Order(StringComparer.Ordinal)));
        }
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    private static string Text(object value) =>
        value switch
        {
            byte[] bytes => Convert.ToHexString(bytes),
            Guid id => Convert.ToHexString(id.ToByteArray(bigEndian: true)),
            bool flag => flag ? "1" : "0",
            _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
        };

    private SqliteConnection Open()
    {
        var connection = Connect();
        connection.Open();
        return connection;
    }

    private static List<string> Values(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants above, with the name of a table
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var values = new List<string>();
        while (reader.Read())
            values.Add(reader.GetString(0));
        return values;
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
