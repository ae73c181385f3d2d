using Microsoft.Data.Sqlite;

namespace Gateway.Storage;

/// <summary>
/// Says in a SQLite store that it was moved to PostgreSQL. A row in the list of migrations: older gateways, which do
/// not know the mark, refuse a store with an unknown migration.
/// </summary>
internal static class MigrationMark
{
    /// <summary>Among the names of migrations.</summary>
    public const string Name = "moved-to-postgresql";

    /// <summary>Durable when it returns.</summary>
    public static void Set(SqliteConnection store, DateTimeOffset at)
    {
        SqliteFile.Execute(store, "pragma synchronous = full");
        using var insert = store.CreateCommand();
        insert.CommandText = "insert into migration (name, applied_at) values (@name, @at)";
        insert.Parameters.AddWithValue("@name", Name);
        insert.Parameters.AddWithValue("@at", Migration.Format(at));
        insert.ExecuteNonQuery();
    }

    /// <returns>When the store was moved; null: it was not.</returns>
    public static string? Find(SqliteConnection store)
    {
        using var select = store.CreateCommand();
        select.CommandText = "select applied_at from migration where name = @name";
        select.Parameters.AddWithValue("@name", Name);
        return (string?)select.ExecuteScalar();
    }

    public static void Remove(SqliteConnection store)
    {
        SqliteFile.Execute(store, "pragma synchronous = full");
        SqliteFile.Execute(store, $"delete from migration where name = '{Name}'");
    }

    /// <summary>From now on the file is another store than the one that was made from it.</summary>
    public static void Abandon(SqliteConnection store)
    {
        SqliteFile.Execute(store, "pragma synchronous = full");
        SqliteFile.Execute(
            store,
            $"begin immediate; update ledger set epoch = randomblob(16); delete from migration where name = '{Name}'; commit"
        );
    }

    /// <param name="at">See <see cref="Find"/>.</param>
    public static StoreRefusedException Refusal(string at) =>
        new(
            $"This SQLite store was moved to PostgreSQL at {at}, or a migration was interrupted in its last step: what is charged there is not in it. "
                + "Run gateway migrate FILE once more with Storage:Engine=PostgreSql and the Storage:ConnectionString of that store: it changes nothing, and says "
                + "whether the store is complete. If it is, start with these settings. If the migration is to be abandoned: gateway migrate --undo FILE "
                + "(docs/operating.md, \"Abandon a migration\")."
        );
}
