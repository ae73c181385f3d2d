namespace Gateway.Storage;

/// <summary>The store: one file, or a PostgreSQL server.</summary>
internal static class StorageFeature
{
    public static void AddStorage(this IServiceCollection services, StorageOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(provider =>
            options.Open(provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<TimeProvider>())
        );
        if (options.Engine == StorageEngine.Sqlite)
            services.AddHostedService(provider => new SqliteBackupSocket(
                (SqliteDatabase)provider.GetRequiredService<Database>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<SqliteBackupSocket>>()
            ));
    }
}
