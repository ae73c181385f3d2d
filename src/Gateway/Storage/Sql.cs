using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>Statements with named parameters, and their rows, for both engines.</summary>
internal static class Sql
{
    /// <param name="sql">A constant of the gateway: values are parameters.</param>
    public static DbCommand Command(this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection is SqlitePreparedConnection prepared ? prepared.Take(sql) : connection.CreateCommand();
#pragma warning disable CA2100 // constants of the gateway; values are parameters
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
            command.Add(name, value);
        return command;
    }

    /// <summary>With parameters named <c>@p0</c>, <c>@p1</c>, … in the order of the values.</summary>
    public static DbCommand PositionalCommand(this DbConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = connection.Command(sql);
        for (var i = 0; i < values.Length; i++)
            command.Add(string.Create(CultureInfo.InvariantCulture, $"@p{i}"), values[i]);
        return command;
    }

    public static void Add(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }

    /// <summary>Adds each value as a parameter of its own.</summary>
    /// <returns>What goes between the brackets of <c>in (…)</c>.</returns>
    public static string AddEach<T>(this DbCommand command, string name, IEnumerable<T> values)
    {
        var names = new List<string>();
        foreach (var value in values)
        {
            names.Add(FormattableString.Invariant($"@{name}{names.Count}"));
            command.Add(names[^1], value);
        }
        return string.Join(", ", names);
    }

    /// <param name="transaction">Null: outside one.</param>
    public static async Task<List<T>> ReadAsync<T>(
        this DbCommand command,
        Func<DbDataReader, T> read,
        CancellationToken cancellationToken,
        DbTransaction? transaction = null
    )
    {
        var rows = new List<T>();
        try
        {
            command.Transaction ??= transaction;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(reader));
        }
        catch
        {
            await command.DisposeAsync();
            throw;
        }
        await command.ReturnAsync();
        return rows;
    }

    /// <returns>How many rows were changed.</returns>
    public static async Task<int> ExecuteAsync(this DbCommand command, DbTransaction transaction, CancellationToken cancellationToken)
    {
        int changed;
        try
        {
            command.Transaction = transaction;
            changed = await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch
        {
            await command.DisposeAsync();
            throw;
        }
        await command.ReturnAsync();
        return changed;
    }

    /// <summary>Of a command that has run to its end.</summary>
    private static ValueTask ReturnAsync(this DbCommand command)
    {
        if (command is not SqliteCommand { Connection: SqlitePreparedConnection connection } kept)
            return command.DisposeAsync();
        connection.Return(kept);
        return ValueTask.CompletedTask;
    }

    public static Guid GetId(this DbDataReader row, int column) =>
        row.GetValue(column) is byte[] bytes ? new Guid(bytes, bigEndian: true) : row.GetGuid(column);

    public static string? GetStringOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>Of any numeric column: the engines count and sum in different types.</summary>
    public static long GetNumber(this DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);

    public static long? GetNumberOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetNumber(column);

    public static DateTimeOffset GetTime(this DbDataReader row, int column) => UnixMicroseconds.ToTime(row.GetNumber(column));

    public static DateTimeOffset? GetTimeOrNull(this DbDataReader row, int column) => UnixMicroseconds.ToTime(row.GetNumberOrNull(column));
}
