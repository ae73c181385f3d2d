using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Storage;

/// <summary>A column that both engines have, and how a value of SQLite becomes one of PostgreSQL.</summary>
internal sealed class MigratedColumn
{
    private readonly Func<NpgsqlBinaryImporter, SqliteDataReader, int, CancellationToken, Task> _write;

    private MigratedColumn(string name, Func<NpgsqlBinaryImporter, SqliteDataReader, int, CancellationToken, Task> write) =>
        (Name, _write) = (name, write);

    public string Name { get; }

    /// <param name="type">As PostgreSQL names it internally.</param>
    /// <exception cref="StoreRefusedException">No table had a column of this type so far.</exception>
    public static MigratedColumn Create(string name, string type) =>
        type switch
        {
            "int2" => From(name, NpgsqlDbType.Smallint, (row, i) => row.GetInt16(i)),
            "int4" => From(name, NpgsqlDbType.Integer, (row, i) => row.GetInt32(i)),
            "int8" => From(name, NpgsqlDbType.Bigint, (row, i) => row.GetInt64(i)),
            "float8" => From(name, NpgsqlDbType.Double, (row, i) => row.GetDouble(i)),
            "bool" => From(name, NpgsqlDbType.Boolean, (row, i) => row.GetBoolean(i)),
            "text" => From(name, NpgsqlDbType.Text, (row, i) => row.GetString(i)),
            "bpchar" => From(name, NpgsqlDbType.Char, (row, i) => row.GetString(i)),
            "bytea" => From(name, NpgsqlDbType.Bytea, (row, i) => row.GetFieldValue<byte[]>(i)),
            "uuid" => From(name, NpgsqlDbType.Uuid, (row, i) => row.GetId(i)),
            _ => throw new StoreRefusedException(
                $"The column {name} has the type {type}, which the migration does not know. This is a bug."
            ),
        };

    /// <summary>Writes the value of one column of the row.</summary>
    public Task WriteAsync(NpgsqlBinaryImporter import, SqliteDataReader row, int index, CancellationToken cancellationToken) =>
        row.IsDBNull(index) ? import.WriteNullAsync(cancellationToken) : _write(import, row, index, cancellationToken);

    private static MigratedColumn From<T>(string name, NpgsqlDbType type, Func<SqliteDataReader, int, T> read) =>
        new(name, (import, row, i, cancellationToken) => import.WriteAsync(read(row, i), type, cancellationToken));
}
