using System.Globalization;
using Gateway.Edge;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gateway.Storage;

/// <summary>
/// Moves a SQLite store that no gateway has open into an empty PostgreSQL database, in one transaction: until it is
/// committed, nothing of it exists.
/// </summary>
/// <remarks>Tables and columns are those of the schema, so that a new one is moved without another line here.</remarks>
internal sealed class StoreMigration : IAsyncDisposable
{
    /// <summary>Each engine has its own.</summary>
    private const string SchemaTable = "migration";

    private readonly SqliteConnection _source;
    private readonly NpgsqlConnection _target;
    private readonly NpgsqlTransaction _transaction;

    private StoreMigration(SqliteConnection source, NpgsqlConnection target, NpgsqlTransaction transaction) =>
        (_source, _target, _transaction) = (source, target, transaction);

    /// <summary>In the transaction: it sees what was copied.</summary>
    public NpgsqlConnection Target => _target;

    /// <summary>Locks both stores.</summary>
    /// <exception cref="StoreRefusedException">The source is missing, in use or not a store.</exception>
    /// <exception cref="StoreUnavailableException">The target cannot be reached.</exception>
    public static async Task<StoreMigration> BeginAsync(string file, string connectionString, CancellationToken cancellationToken)
    {
        var source = SqliteBackup.OpenSource(file, $"A gateway or another process uses {file}. Stop it; nothing was changed.");
        // A large table takes longer than any statement of the gateway may.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false };
        var target = new NpgsqlConnection(settings.ToString());
        try
        {
            await target.OpenAsync(cancellationToken);
            var transaction = await target.BeginTransactionAsync(cancellationToken);
            // A gateway that starts on the target meanwhile waits, and then finds a complete store.
            await using var take = new NpgsqlCommand("select pg_advisory_xact_lock($1)", target, transaction);
            take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = PostgreSqlDatabase.MigrationLock });
            await take.ExecuteNonQueryAsync(cancellationToken);
            return new StoreMigration(source, target, transaction);
        }
        catch (Exception fault)
        {
            await source.DisposeAsync();
            await target.DisposeAsync();
            if (IsUnavailable(fault))
                throw new StoreUnavailableException($"The PostgreSQL store cannot be reached: {fault.Message}", fault);
            throw;
        }
    }

    /// <summary>Whether the server failed, or refuses this user; other faults are about what it was given.</summary>
    public static bool IsUnavailable(Exception fault) =>
        fault switch
        {
            PostgresException { SqlState: ['0', '8', ..] or ['2', '8', ..] or ['3', 'D', ..] or ['5', '3' or '7', ..] } => true,
            PostgresException => false,
            _ => fault is NpgsqlException or IOException or System.Net.Sockets.SocketException or TimeoutException,
        };

    /// <returns>Why these two stores cannot be migrated; null: they can.</returns>
    public async Task<string?> FindRefusalAsync(CancellationToken cancellationToken)
    {
        if (new SqliteFile(_source.DataSource).FindDamage(_source, cancellationToken) is { } damage)
            return damage.Message;
        var steps = await ReadSourceAsync("select name from sqlite_schema where name = 'migration'", cancellationToken);
        if (steps.Count > 0)
            steps = await ReadSourceAsync("select name from migration", cancellationToken);
        // First: the schema of a file that was moved does not change any more, whatever this program knows.
        if (steps.Contains(MigrationMark.Name, StringComparer.Ordinal) && MigrationMark.Find(_source) is { } movedAt)
            return $"The SQLite store was moved to PostgreSQL at {movedAt}"
                + await DescribeMoveAsync(await ReadTargetTablesAsync(cancellationToken), cancellationToken);
        var known = Migration.For(StorageEngine.Sqlite).Select(step => step.Name).ToList();
        if (known.Except(steps, StringComparer.Ordinal).ToList() is { Count: > 0 } missing)
            return $"The schema of the SQLite store is older than this program (missing: {string.Join(", ", missing)}). "
                + "Start this version of the gateway on it once, which brings it up to date, stop it, and migrate then.";
        if (steps.Except(known, StringComparer.Ordinal).ToList() is { Count: > 0 } newer)
            return $"The SQLite store has been changed by a newer gateway ({string.Join(", ", newer)}). Migrate it with that version.";
        var existing = await ReadTargetTablesAsync(cancellationToken);
        return existing.Count == 0
            ? null
            : $"The PostgreSQL store is not empty (tables: {string.Join(", ", existing.Keys.Order(StringComparer.Ordinal))}). "
                + "Name a database, or a schema by Search Path, without tables.";
    }

    /// <summary>What the target is to a source that was moved: the mark is older than the target's commit.</summary>
    private async Task<string> DescribeMoveAsync(
        Dictionary<string, Dictionary<string, string>> existing,
        CancellationToken cancellationToken
    )
    {
        if (existing.Count == 0)
            return ", but this database is empty. If it was moved to another one, start the gateway with that. "
                + "If the migration was interrupted or is abandoned: gateway migrate --undo FILE, and migrate again.";
        const string Epoch = "select epoch from ledger where id = 1";
        var source = await _source.Command(Epoch).ReadAsync(row => row.GetId(0), cancellationToken);
        var target = existing.ContainsKey("ledger")
            ? await _target.Command(Epoch).ReadAsync(row => row.GetId(0), cancellationToken, _transaction)
            : [];
        return source.SequenceEqual(target)
            ? ", and this PostgreSQL store is the one that was made from it: the migration is complete. Start the gateway with it."
            : ", but this PostgreSQL store was not made from it. If it was moved to another one, start the gateway with that. If the migration was interrupted, "
                + "a gateway has made this store since then, without what was charged before: stop it, drop the database, gateway migrate --undo FILE, "
                + "and migrate again.";
    }

    /// <summary>Creates the schema in the target, without the rows of a new store.</summary>
    /// <returns>The tables to copy.</returns>
    /// <exception cref="StoreRefusedException">The two schemas do not have the same tables and columns.</exception>
    public async Task<IReadOnlyList<MigratedTable>> CreateSchemaAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        await Migration.ApplyAsync(StorageEngine.PostgreSql, _target, _transaction, time, cancellationToken);
        var tables = new List<MigratedTable>();
        var target = await ReadTargetTablesAsync(cancellationToken);
        var source = await ReadSourceAsync(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'",
            cancellationToken
        );
        foreach (var name in source.Union(target.Keys, StringComparer.Ordinal).Where(name => name != SchemaTable))
        {
            var columns = await ReadSourceAsync($"select name from pragma_table_info('{name}')", cancellationToken);
            var types = target.GetValueOrDefault(name, []);
            if (!columns.ToHashSet(StringComparer.Ordinal).SetEquals(types.Keys))
                throw new StoreRefusedException(
                    $"The table {name} has other columns on PostgreSQL than on SQLite. This is a bug; nothing was changed."
                );
            tables.Add(new MigratedTable(name, [.. columns.Select(column => MigratedColumn.Create(column, types[column]))]));
            // The rows that a migration gives a new store.
            await _target.Command($"delete from \"{name}\"").ExecuteAsync(_transaction, cancellationToken);
        }
        return tables;
    }

    /// <returns>How many rows were copied; the target has as many.</returns>
    /// <exception cref="StoreRefusedException">It has not.</exception>
    public async Task<long> CopyAsync(MigratedTable table, CancellationToken cancellationToken)
    {
        var columns = string.Join(", ", table.Columns.Select(column => $"\"{column.Name}\""));
        await using (var select = (SqliteCommand)_source.Command($"select {columns} from \"{table.Name}\""))
        await using (var rows = await select.ExecuteReaderAsync(cancellationToken))
        {
            var copy = $"copy \"{table.Name}\" ({columns}) from stdin (format binary)";
            await using var import = await _target.BeginBinaryImportAsync(copy, cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                await import.StartRowAsync(cancellationToken);
                for (var i = 0; i < table.Columns.Count; i++)
                    await table.Columns[i].WriteAsync(import, rows, i, cancellationToken);
            }
            await import.CompleteAsync(cancellationToken);
        }
        await _target.Command($"analyze \"{table.Name}\"").ExecuteAsync(_transaction, cancellationToken);
        var count = $"select count(*) from \"{table.Name}\"";
        var read = await _source.Command(count).ReadAsync(row => row.GetNumber(0), cancellationToken);
        var written = await _target.Command(count).ReadAsync(row => row.GetNumber(0), cancellationToken, _transaction);
        if (read.Single() != written.Single())
            throw new StoreRefusedException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The table {table.Name} has {read.Single()} rows, and its copy has {written.Single()}. Nothing was changed."
                )
            );
        return written.Single();
    }

    /// <summary>
    /// Marks the source before the target exists: whatever happens between the two, no gateway goes on with the file.
    /// </summary>
    public async Task CommitAsync(TimeProvider time)
    {
        MigrationMark.Set(_source, time.GetUtcNow());
        try
        {
            await _transaction.CommitAsync(CancellationToken.None);
        }
        catch (Exception fault) when (!IsUnavailable(fault))
        {
            // The server refused it. After a lost answer it may have been committed.
            MigrationMark.Remove(_source);
            throw;
        }
    }

    /// <summary>Lets a gateway start on a file again that was moved.</summary>
    /// <returns>When it was moved; null: it was not.</returns>
    /// <exception cref="StoreRefusedException">The file is missing, in use or not a store.</exception>
    public static string? Undo(string file)
    {
        using var store = SqliteBackup.OpenSource(file, $"A gateway or another process uses {file}. Stop it; nothing was changed.");
        try
        {
            var movedAt = MigrationMark.Find(store);
            if (movedAt is not null)
                MigrationMark.Abandon(store);
            return movedAt;
        }
        catch (SqliteException fault)
        {
            throw new StoreRefusedException($"{file} cannot be changed: {fault.Message}. Nothing was changed.", fault);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What was not committed is rolled back.
        await _transaction.DisposeAsync();
        await _target.DisposeAsync();
        await _source.DisposeAsync();
    }

    private Task<List<string>> ReadSourceAsync(string sql, CancellationToken cancellationToken) =>
        _source.Command(sql).ReadAsync(row => row.GetString(0), cancellationToken);

    /// <returns>The type of each column, by table.</returns>
    private async Task<Dictionary<string, Dictionary<string, string>>> ReadTargetTablesAsync(CancellationToken cancellationToken)
    {
        var columns = await _target
            .Command(
                """
                select t.table_name, c.column_name, c.udt_name from information_schema.tables t
                join information_schema.columns c on c.table_schema = t.table_schema and c.table_name = t.table_name
                where t.table_schema = current_schema() and t.table_type = 'BASE TABLE'
                """
            )
            .ReadAsync(row => (Table: row.GetString(0), Column: row.GetString(1), Type: row.GetString(2)), cancellationToken, _transaction);
        return columns
            .GroupBy(column => column.Table, StringComparer.Ordinal)
            .ToDictionary(
                table => table.Key,
                table => table.ToDictionary(column => column.Column, column => column.Type, StringComparer.Ordinal),
                StringComparer.Ordinal
            );
    }
}

/// <summary>A table that both engines have.</summary>
internal sealed record MigratedTable(string Name, IReadOnlyList<MigratedColumn> Columns);
