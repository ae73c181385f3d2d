using System.Data.Common;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Tests.Storage;

/// <summary>Runs a statement without keeping its changes, and counts what it reads.</summary>
internal abstract class StatementMeter
{
    public abstract Task<(long Rows, string Plan)> MeasureAsync(DbCommand command, CancellationToken cancellationToken);
}

/// <summary>Counts the steps of SQLite's virtual machine.</summary>
internal sealed class SqliteMeter : StatementMeter
{
    public override Task<(long Rows, string Plan)> MeasureAsync(DbCommand command, CancellationToken cancellationToken)
    {
        var connection = (SqliteConnection)command.Connection!;
        Run(connection, "savepoint measured");
        try
        {
            var plan = string.Join(" | ", Run(connection, "explain query plan " + command.CommandText, command.Parameters).Texts);
            return Task.FromResult((Run(connection, command.CommandText, command.Parameters).Steps, plan));
        }
        finally
        {
            Run(connection, "rollback to measured");
            Run(connection, "release measured");
        }
    }

    private static (long Steps, List<string> Texts) Run(SqliteConnection connection, string sql, DbParameterCollection? parameters = null)
    {
        var handle = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(handle, sql, out var statement));
        using (statement)
        {
            foreach (DbParameter parameter in parameters ?? new SqliteCommand().Parameters)
                Bind(statement, parameter);
            var texts = new List<string>();
            int result;
            while ((result = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
                texts.Add(raw.sqlite3_column_text(statement, raw.sqlite3_column_count(statement) - 1).utf8_to_string());
            Check(result);
            return (raw.sqlite3_stmt_status(statement, raw.SQLITE_STMTSTATUS_VM_STEP, 0), texts);
        }

        void Check(int result)
        {
            if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
                throw new SqliteException($"{raw.sqlite3_errmsg(handle).utf8_to_string()}: {sql}", result);
        }
    }

    private static void Bind(sqlite3_stmt statement, DbParameter parameter)
    {
        var at = raw.sqlite3_bind_parameter_index(statement, parameter.ParameterName);
        if (at == 0)
            return;
        _ = parameter.Value switch
        {
            null or DBNull => raw.sqlite3_bind_null(statement, at),
            byte[] bytes => raw.sqlite3_bind_blob(statement, at, bytes),
            string text => raw.sqlite3_bind_text(statement, at, text),
            var number => raw.sqlite3_bind_int64(statement, at, Convert.ToInt64(number, CultureInfo.InvariantCulture)),
        };
    }
}

/// <summary>Adds up the rows that the parts of PostgreSQL's plan read, and discarded.</summary>
internal sealed class PostgreSqlMeter : StatementMeter
{
    public override async Task<(long Rows, string Plan)> MeasureAsync(DbCommand command, CancellationToken cancellationToken)
    {
        var sql = command.CommandText;
        // It has no plan.
        if (sql.StartsWith("lock ", StringComparison.Ordinal))
            return (0, "");
        var isInTransaction = command.Transaction is not null;
        if (isInTransaction)
            await RunAsync("savepoint measured");
        var plan = (string)(await RunAsync("explain (analyze, costs off, timing off, format json) " + sql))!;
        if (isInTransaction)
            await RunAsync("rollback to measured");
        command.CommandText = sql;
        return (Rows(JsonNode.Parse(plan)![0]!["Plan"]!), plan);

        async Task<object?> RunAsync(string text)
        {
            command.CommandText = text;
            return await command.ExecuteScalarAsync(cancellationToken);
        }
    }

    private static long Rows(JsonNode node)
    {
        // Entries of rows that no longer exist are read too.
        var own =
            Number("Actual Rows") + Number("Heap Fetches") + Number("Rows Removed by Filter") + Number("Rows Removed by Index Recheck");
        return own * Number("Actual Loops") + (node["Plans"]?.AsArray().Sum(child => Rows(child!)) ?? 0);

        long Number(string name) => (long?)node[name]?.GetValue<double>() ?? 0;
    }
}
