using System.Data.Common;
using System.Globalization;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Admin;

/// <summary>The little that the two engines say differently.</summary>
internal static class AdminSql
{
    /// <param name="sql">One of our own constants, with <c>@p0</c>, <c>@p1</c>, …</param>
    public static DbCommand Sql(this DbConnection connection, DbTransaction? transaction, string sql, params object[] values)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // constants of this folder
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"p{i}");
            // SQLite keeps ids as 16 bytes, big-endian.
            parameter.Value = values[i] is Guid id && connection is SqliteConnection ? id.ToByteArray(bigEndian: true) : values[i];
            command.Parameters.Add(parameter);
        }
        return command;
    }

    public static async Task<int> ExecuteAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
            return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<List<T>> ListAsync<T>(this DbCommand command, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(reader));
            return rows;
        }
    }

    public static Guid Id(this DbDataReader row, int column) =>
        row.GetValue(column) is byte[] bytes ? new Guid(bytes, bigEndian: true) : row.GetGuid(column);

    public static long Long(this DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);

    public static long? LongOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Long(column);

    public static string? TextOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateTime Time(this DbDataReader row, int column) => Time(row.Long(column));

    public static DateTime? TimeOrNull(this DbDataReader row, int column) => row.LongOrNull(column) is { } micros ? Time(micros) : null;

    public static long Micros(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>On a server others write too; in one file this process is alone.</summary>
    public static async Task LockAsync(
        this DbConnection connection,
        DbTransaction transaction,
        Database database,
        string sql,
        CancellationToken cancellationToken
    )
    {
        if (database is PostgreSqlDatabase)
            await connection.Sql(transaction, sql).ExecuteAsync(cancellationToken);
    }

    private static DateTime Time(long micros) => DateTime.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);
}
