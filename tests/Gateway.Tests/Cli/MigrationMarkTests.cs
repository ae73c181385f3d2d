using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Cli;

/// <summary>A SQLite store that was moved is refused until an operator abandons the migration.</summary>
public sealed class MigrationMarkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Store => _folder["data/gateway.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_moved_store_is_refused_by_gateways_and_a_second_migration_until_the_first_is_undone()
    {
        Tools.NeedPostgreSql();
        await OpenAsync();
        (await RunAsync("migrate", "--undo", Store)).ExitCode.ShouldBe(1, "it was not moved");
        (await MigrateAsync(await CreateTargetAsync())).ExitCode.ShouldBe(0);

        var refused = await Should.ThrowAsync<StoreRefusedException>(OpenAsync());
        refused.Message.ShouldContain("Storage:Engine=PostgreSql");
        refused.Message.ShouldContain("gateway migrate --undo FILE");
        // A release that does not know the mark takes it for a migration of a newer one.
        Migration.For(StorageEngine.Sqlite).Select(step => step.Name).ShouldNotContain(MigrationMark.Name);
        (await StoreTables.ReadAsync(new StoreTables(Store).Connect(), "migration")).ShouldContain(row =>
            row.Contains($"name={MigrationMark.Name}", StringComparison.Ordinal)
        );
        var other = await CreateTargetAsync();
        var second = await MigrateAsync(other);
        second.ExitCode.ShouldBe(1);
        second.Output.ShouldContain("but this database is empty");

        var undone = await RunAsync("migrate", "--undo", Store);

        undone.ExitCode.ShouldBe(0, undone.Output);
        undone.Output.ShouldContain("start no gateway on the PostgreSQL store any more");
        await OpenAsync();
        (await MigrateAsync(other)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_migration_that_the_server_refuses_in_its_last_step_leaves_a_store_that_can_be_used()
    {
        Tools.NeedPostgreSql();
        await OpenAsync();
        var target = await CreateTargetAsync();
        await using (var connection = new NpgsqlConnection(target + ";Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = new NpgsqlCommand(
                """
                create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused at the commit'; end $$;
                create function watch() returns event_trigger language plpgsql as $$
                begin
                  if not exists (select 1 from pg_trigger where tgname = 'late') then
                    create constraint trigger late after insert on migration deferrable initially deferred for each row execute function refuse();
                  end if;
                end $$;
                create event trigger watch on ddl_command_end when tag in ('CREATE TABLE') execute function watch();
                """,
                connection
            );
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var refused = await MigrateAsync(target);

        refused.ExitCode.ShouldBe(1);
        refused.Output.ShouldContain("Nothing was migrated: refused at the commit");
        await OpenAsync();
    }

    [Fact]
    public async Task Undoing_needs_a_store_that_nothing_uses()
    {
        (await RunAsync("migrate", "--undo", Store)).ExitCode.ShouldBe(3);
        await using var store = new SqliteDatabase($"Data Source={Store}", NullLogger<SqliteDatabase>.Instance, TimeProvider.System);
        await store.EnsureOpenAsync(TestContext.Current.CancellationToken);

        var inUse = await RunAsync("migrate", "--undo", Store);

        inUse.ExitCode.ShouldBe(3);
        inUse.Output.ShouldContain("Stop it; nothing was changed.");
        (await RunAsync("migrate", "--undo")).ExitCode.ShouldBe(2);
    }

    /// <summary>As a gateway opens it: a missing one is created.</summary>
    private async Task OpenAsync()
    {
        await using var store = new SqliteDatabase($"Data Source={Store}", NullLogger<SqliteDatabase>.Instance, TimeProvider.System);
        await store.EnsureOpenAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> CreateTargetAsync() => await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync();

    private Task<(int ExitCode, string Output)> MigrateAsync(string target) =>
        GatewayProcess.RunAsync(_folder.Path, ["migrate", Store], ("Storage__Engine", "PostgreSql"), ("Storage__ConnectionString", target));

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => GatewayProcess.RunAsync(_folder.Path, arguments);
}
