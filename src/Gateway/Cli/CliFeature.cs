using Gateway.Storage;

namespace Gateway.Cli;

/// <summary>What the running gateway does for commands.</summary>
internal static class CliFeature
{
    public static void AddCli(this IServiceCollection services, StorageOptions storage)
    {
        if (storage.Engine != StorageEngine.Sqlite)
            return;
        services.AddHostedService(provider => new BackupSocket(
            (SqliteDatabase)provider.GetRequiredService<Database>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<BackupSocket>>()
        ));
    }
}
