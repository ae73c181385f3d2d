using System.Data.Common;

namespace Gateway.Storage;

/// <summary>Statements with named parameters, for both engines.</summary>
internal static class Sql
{
    public static DbCommand Command(this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this namespace; values are parameters
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
            command.Add(name, value);
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
    public static string AddEach(this DbCommand command, string name, IEnumerable<string> values)
    {
        var names = new List<string>();
        foreach (var value in values)
        {
            names.Add(FormattableString.Invariant($"@{name}{names.Count}"));
            command.Add(names[^1], value);
        }
        return string.Join(", ", names);
    }

    public static async Task<List<T>> ReadAsync<T>(this DbCommand command, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(reader));
        }
        return rows;
    }

    /// <returns>How many rows were changed.</returns>
    public static async Task<int> RunAsync(this DbCommand command, DbTransaction transaction, CancellationToken cancellationToken)
    {
        await using (command)
        {
            command.Transaction = transaction;
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public static string? Text(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateTimeOffset? Moment(this DbDataReader row, int column) => row.IsDBNull(column) ? null : Moment(row.GetInt64(column));

    /// <summary>Microseconds since 1970, as the ledger keeps time.</summary>
    public static DateTimeOffset Moment(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    public static long Micros(this DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static long Micros(this TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
