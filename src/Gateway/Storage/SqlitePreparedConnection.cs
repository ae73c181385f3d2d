using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>
/// Keeps the statements of <see cref="Sql"/> prepared for their next use: to parse one takes longer than to run it.
/// </summary>
/// <remarks>Used by one caller at a time, like every connection. Closing it finalizes what it keeps.</remarks>
internal sealed class SqlitePreparedConnection(string connectionString) : SqliteConnection(connectionString)
{
    private const int MostKept = 100;

    /// <summary>By their text; null: in use.</summary>
    private readonly Dictionary<string, SqliteCommand?> _kept = new(StringComparer.Ordinal);

    /// <summary>
    /// A command without parameters, for the caller alone until it is returned or disposed of; prepared, if one with
    /// this text was returned.
    /// </summary>
    /// <param name="sql">Empty: the caller will set a text that differs from use to use.</param>
    public SqliteCommand Take(string sql)
    {
        if (!_kept.TryGetValue(sql, out var command))
            MakeRoomFor(sql);
        else if (command is not null)
            _kept[sql] = null;
        if (command is null)
            return CreateCommand();
        command.Transaction = Transaction;
        return command;
    }

    /// <param name="command">It has run to its end.</param>
    public void Return(SqliteCommand command)
    {
        if (!_kept.TryGetValue(command.CommandText, out var other) || other is not null)
        {
            command.Dispose();
            return;
        }
        command.Parameters.Clear();
        command.Transaction = null;
        _kept[command.CommandText] = command;
    }

    private void MakeRoomFor(string sql)
    {
        if (sql.Length == 0)
            return;
        if (_kept.Count == MostKept)
        {
            foreach (var command in _kept.Values)
                command?.Dispose();
            _kept.Clear();
        }
        _kept.Add(sql, null);
    }
}
