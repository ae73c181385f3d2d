using System.Data.Common;
using System.Globalization;
using System.Reflection;

namespace Gateway.Storage;

/// <summary>
/// One numbered step of the schema: <c>Migrations/0001-name.sql</c> for both engines, <c>0001-name.sqlite.sql</c> or
/// <c>.postgresql.sql</c> for one.
/// </summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    public static IReadOnlyList<Migration> For(StorageEngine engine)
    {
        var assembly = typeof(Migration).Assembly;
        var other = engine == StorageEngine.Sqlite ? ".postgresql.sql" : ".sqlite.sql";
        return
        [
            .. assembly
                .GetManifestResourceNames()
                .Where(name => name.EndsWith(".sql", StringComparison.Ordinal) && !name.EndsWith(other, StringComparison.Ordinal))
                .Select(name => Read(assembly, name))
                // The file for both engines comes before the one for this engine alone.
                .OrderBy(step => step.Number)
                .ThenBy(step => step.Name.Count(c => c == '.'))
                .ThenBy(step => step.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Applies what is missing, in the transaction given. The caller holds a lock that keeps every other process out.
    /// </summary>
    /// <exception cref="StoreRefusedException">
    /// The store was written by a newer gateway, or was moved to PostgreSQL.
    /// </exception>
    public static async Task ApplyAsync(
        StorageEngine engine,
        DbConnection connection,
        DbTransaction transaction,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        await ExecuteAsync("create table if not exists migration (name text primary key, applied_at text not null)");
        var known = For(engine);
        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        await using (var reader = await Command("select name, applied_at from migration").ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                applied.Add(reader.GetString(0), reader.GetString(1));
        }
        if (applied.TryGetValue(MigrationMark.Name, out var movedAt))
            throw MigrationMark.Refusal(movedAt);
        var newer = applied.Keys.Except(known.Select(step => step.Name), StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (newer.Count > 0)
            throw new StoreRefusedException(
                $"The store has been changed by a newer gateway ({string.Join(", ", newer)}). Run that version, or restore a backup made before it."
            );

        foreach (var step in known.Where(step => !applied.ContainsKey(step.Name)))
        {
            await ExecuteAsync(step.Sql);
            await ExecuteAsync($"insert into migration (name, applied_at) values ('{step.Name}', '{Format(time.GetUtcNow())}')");
        }

        DbCommand Command(string sql)
        {
            var command = connection.CreateCommand();
            command.Transaction = transaction;
#pragma warning disable CA2100 // embedded migrations
            command.CommandText = sql;
#pragma warning restore CA2100
            return command;
        }

        async Task ExecuteAsync(string sql)
        {
            await using var command = Command(sql);
            // A step that builds an index of a large store takes longer than any statement after it.
            command.CommandTimeout = (int)TimeSpan.FromHours(1).TotalSeconds;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>As the list of migrations has times.</summary>
    public static string Format(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static Migration Read(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        var name = Path.GetFileNameWithoutExtension(resource);
        return new Migration(int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }
}
