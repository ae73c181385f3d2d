using Gateway.Edge;

namespace Gateway.Storage;

internal enum StorageEngine
{
    Sqlite,
    PostgreSql,
}

/// <summary>Where the gateway keeps its data (docs/settings.md).</summary>
internal sealed record StorageOptions(StorageEngine Engine, string ConnectionString)
{
    public static StorageOptions Read(Settings settings)
    {
        var engine = Enum.GetValues<StorageEngine>()
            .FirstOrDefault(value => Named(settings.GetString("Storage:Engine"), value), (StorageEngine)(-1));
        if (!Enum.IsDefined(engine) && settings.GetString("Storage:Engine") is not null)
            settings.AddError("Storage:Engine", "must be Sqlite or PostgreSql");
        engine = Enum.IsDefined(engine) ? engine : StorageEngine.Sqlite;

        var connection = settings.GetString("Storage:ConnectionString");
        if (connection is null && engine == StorageEngine.PostgreSql)
            settings.AddError(
                "Storage:ConnectionString",
                "is missing: PostgreSQL needs one, such as Host=db;Database=gateway;Username=gateway"
            );
        var options = new StorageOptions(engine, connection ?? "Data Source=data/gateway.db");
        if (connection is not null && options.Fault() is { } fault)
            settings.AddError("Storage:ConnectionString", fault);
        return options;
    }

    /// <summary>The absolute path of the store; null: it is not a file.</summary>
    public string? SqliteFile => Engine == StorageEngine.Sqlite ? SqliteDatabase.PathOf(ConnectionString) : null;

    public Database Open(ILoggerFactory log, TimeProvider time) =>
        Engine == StorageEngine.Sqlite
            ? new SqliteDatabase(ConnectionString, log.CreateLogger<SqliteDatabase>(), time)
            : new PostgreSqlDatabase(ConnectionString, log.CreateLogger<PostgreSqlDatabase>(), time);

    private string? Fault()
    {
        try
        {
            return Engine == StorageEngine.Sqlite
                ? Storage.SqliteFile.FaultOf(ConnectionString)
                : PostgreSqlDatabase.FaultOf(ConnectionString);
        }
        catch (Exception malformed) when (malformed is ArgumentException or FormatException)
        {
            // The message may quote a password.
            return "is not a connection string of this engine";
        }
    }

    private static bool Named(string? text, StorageEngine engine) =>
        string.Equals(text, engine.ToString(), StringComparison.OrdinalIgnoreCase);
}
