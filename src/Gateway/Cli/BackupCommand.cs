using Gateway.Edge;
using Gateway.Storage;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway backup FILE</c>: one consistent file of the SQLite store. The gateway that has the store open makes it;
/// without one the command does.
/// </summary>
internal static class BackupCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [{ Length: > 0 } file and not ['-', ..]])
            return await CommandLine.RefuseAsync("backup takes one file.", "backup");
        var settings = new Settings(GatewayBuilder.Create([]).Configuration);
        var storage = StorageOptions.Read(settings);
        foreach (var fault in settings.Errors)
            await Console.Error.WriteLineAsync(fault);
        if (settings.Errors.Count > 0)
            return ExitCode.Finding;
        if (storage.SqliteFile is not { } store)
        {
            await Console.Error.WriteLineAsync(
                "This store is PostgreSQL: back it up with pg_dump, for example by deploy/backup.sh postgresql CONNECTION-URI FILE."
            );
            return ExitCode.Usage;
        }
        var (code, sentence) = await BackUpAsync(store, Path.GetFullPath(file));
        await (code == ExitCode.Good ? Console.Out : Console.Error).WriteLineAsync(sentence);
        return code;
    }

    private static async Task<(int ExitCode, string Sentence)> BackUpAsync(string store, string backup)
    {
        if (await SqliteBackupSocket.AskAsync(store, backup) is { } answer)
            return answer;
        try
        {
            SqliteBackup.CopyFile(store, backup);
            return (ExitCode.Good, $"backed up to {backup}");
        }
        catch (IOException fault)
        {
            return (ExitCode.Finding, fault.Message);
        }
        catch (StoreRefusedException fault)
        {
            return (ExitCode.StoreUnavailable, fault.Message);
        }
    }
}
