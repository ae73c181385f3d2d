using System.Globalization;
using Gateway.Edge;
using Gateway.Ledger.Maintenance;
using Gateway.Storage;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway migrate FILE</c>: moves a SQLite store into the empty PostgreSQL database that the settings name. All of
/// it, audited, or nothing. <c>--undo</c> lets a gateway start on the file again.
/// </summary>
internal static class MigrateCommand
{
    private const string Name = "migrate";

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--undo", { Length: > 0 } moved and not ['-', ..]])
            return await UndoAsync(Path.GetFullPath(moved));
        if (args is not [{ Length: > 0 } file and not ['-', ..]])
            return await CommandLine.RefuseAsync("migrate takes one file: the SQLite store to move.", Name);
        var settings = new Settings(GatewayBuilder.Create([]).Configuration);
        var storage = StorageOptions.Read(settings);
        if (settings.Errors.Count > 0)
            return await ReportAsync(ExitCode.Finding, settings.Errors);
        if (storage.Engine != StorageEngine.PostgreSql)
            return await CommandLine.RefuseAsync(
                "migrate needs the settings of the new store: Storage:Engine=PostgreSql and its Storage:ConnectionString.",
                Name
            );
        try
        {
            await using var migration = await StoreMigration.BeginAsync(
                Path.GetFullPath(file),
                storage.ConnectionString,
                CancellationToken.None
            );
            return await MigrateAsync(migration, CancellationToken.None);
        }
        catch (Exception fault) when (fault is StoreRefusedException or StoreUnavailableException)
        {
            return await ReportAsync(ExitCode.StoreUnavailable, [fault.Message]);
        }
    }

    private static async Task<int> UndoAsync(string file)
    {
        try
        {
            if (StoreMigration.Undo(file) is not { } movedAt)
                return await ReportAsync(ExitCode.Finding, [$"{file} was not moved. Nothing was changed."]);
            await Console.Out.WriteLineAsync(
                $"A gateway may start on {file} again. What was charged on PostgreSQL since {movedAt} is not in it: "
                    + "start no gateway on the PostgreSQL store any more, and compare with Leonardo's invoice."
            );
            return ExitCode.Good;
        }
        catch (StoreRefusedException fault)
        {
            return await ReportAsync(ExitCode.StoreUnavailable, [fault.Message]);
        }
    }

    private static async Task<int> MigrateAsync(StoreMigration migration, CancellationToken cancellationToken)
    {
        try
        {
            if (await migration.FindRefusalAsync(cancellationToken) is { } refusal)
                return await ReportAsync(ExitCode.Finding, [refusal]);
            var (tables, rows) = (0, 0L);
            foreach (var table in await migration.CreateSchemaAsync(TimeProvider.System, cancellationToken))
            {
                var copied = await migration.CopyAsync(table, cancellationToken);
                await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{table.Name}: {copied} rows"));
                (tables, rows) = (tables + 1, rows + copied);
            }
            var violations = await StoreAudit.CheckStoppedAsync(migration.Target, cancellationToken);
            if (violations.Count > 0)
                return await ReportAsync(
                    ExitCode.Finding,
                    [.. violations, "The ledger contradicts itself, and nothing was migrated: see GatewayLedgerAlarm in docs/runbook.md."]
                );
            await migration.CommitAsync(TimeProvider.System);
            await Console.Out.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"migrated {rows} rows of {tables} tables; the audit of the ledger found no contradiction. The SQLite file is marked: no gateway starts on it any more."
                )
            );
            return ExitCode.Good;
        }
        catch (Exception fault) when (StoreMigration.IsUnavailable(fault))
        {
            return await ReportAsync(
                ExitCode.StoreUnavailable,
                [$"The PostgreSQL store failed: {fault.Message}. Run the command again: it says whether the store was migrated completely."]
            );
        }
        catch (Exception fault) when (fault is StoreRefusedException or PostgresException or SqliteException)
        {
            // The details of a PostgreSQL error may hold what is in the row.
            var reason = fault is PostgresException refused ? refused.MessageText : fault.Message;
            return await ReportAsync(ExitCode.Finding, [$"Nothing was migrated: {reason}"]);
        }
    }

    private static async Task<int> ReportAsync(int exitCode, IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
            await Console.Error.WriteLineAsync(line);
        return exitCode;
    }
}
