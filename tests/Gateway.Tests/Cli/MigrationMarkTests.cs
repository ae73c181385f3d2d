using System.Net;
using System.Net.Sockets;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Network;
using Gateway.Tests.Storage;
using Microsoft.Data.Sqlite;
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
        var target = await CreateTargetAsync();
        (await MigrateAsync(target)).ExitCode.ShouldBe(0);

        var refused = await Should.ThrowAsync<StoreRefusedException>(OpenAsync());
        refused.Message.ShouldContain("Storage:Engine=PostgreSql");
        refused.Message.ShouldContain("Run gateway migrate FILE once more");
        refused.Message.ShouldContain("gateway migrate --undo FILE");
        // A release that does not know the mark takes it for a migration of a newer one.
        Migration.For(StorageEngine.Sqlite).Select(step => step.Name).ShouldNotContain(MigrationMark.Name);
        (await StoreTables.ReadAsync(new StoreTables(Store).Connect(), "migration")).ShouldContain(row =>
            row.Contains($"name={MigrationMark.Name}", StringComparison.Ordinal)
        );
        var repeated = await MigrateAsync(target);
        repeated.ExitCode.ShouldBe(1);
        repeated.Output.ShouldContain("the migration is complete");
        var other = await CreateTargetAsync();
        var second = await MigrateAsync(other);
        second.ExitCode.ShouldBe(1);
        second.Output.ShouldContain("but this database is empty");

        var undone = await RunAsync("migrate", "--undo", Store);

        undone.ExitCode.ShouldBe(0, undone.Output);
        undone.Output.ShouldContain("start no gateway on the PostgreSQL store any more");
        await OpenAsync();
        (await MigrateAsync(other)).ExitCode.ShouldBe(0);
        // What was charged since then is only in the second one.
        (await MigrateAsync(target)).Output.ShouldContain("was not made from it");
        (await MigrateAsync(other)).Output.ShouldContain("the migration is complete");
    }

    [Fact]
    public async Task A_program_with_another_migration_says_where_a_store_was_moved_to()
    {
        Tools.NeedPostgreSql();
        await OpenAsync();
        var target = await CreateTargetAsync();
        (await MigrateAsync(target)).ExitCode.ShouldBe(0);
        await using (var store = new SqliteConnection($"Data Source={Store};Pooling=False"))
        {
            await store.OpenAsync(TestContext.Current.CancellationToken);
            await using var forget = store.CreateCommand();
            forget.CommandText = "delete from migration where name = '0022-old-jobs'";
            (await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        }

        (await MigrateAsync(target)).Output.ShouldContain("the migration is complete");
    }

    [Fact]
    public async Task A_migration_that_the_server_refuses_in_its_last_step_leaves_a_store_that_can_be_used()
    {
        Tools.NeedPostgreSql();
        await OpenAsync();
        var target = await CreateTargetAsync();
        await AtTheCommitAsync(target, "raise exception 'refused at the commit';");

        var refused = await MigrateAsync(target);

        refused.ExitCode.ShouldBe(1);
        refused.Output.ShouldContain("Nothing was migrated: refused at the commit");
        await OpenAsync();
    }

    [Fact]
    public async Task A_migration_that_loses_the_server_in_its_last_step_says_what_happened_to_it_when_it_is_run_again()
    {
        Tools.NeedPostgreSql();
        await OpenAsync();
        var target = await CreateTargetAsync();
        await AtTheCommitAsync(target, "perform pg_terminate_backend(pg_backend_pid());");

        var lost = await MigrateAsync(target);

        lost.ExitCode.ShouldBe(3, lost.Output);
        lost.Output.ShouldContain("Run the command again: it says whether the store was migrated completely.");
        await Should.ThrowAsync<StoreRefusedException>(OpenAsync());
        var empty = await MigrateAsync(target);
        (empty.ExitCode, empty.Output.Contains("but this database is empty", StringComparison.Ordinal)).ShouldBe((1, true), empty.Output);
        empty.Output.ShouldContain("gateway migrate --undo FILE, and migrate again");

        // A gateway that is started on the database in spite of that makes a ledger in which nothing was charged.
        await ExecuteAsync(target, "drop event trigger watch");
        await using (var gateway = new PostgreSqlDatabase(target, NullLogger<PostgreSqlDatabase>.Instance, TimeProvider.System))
            await gateway.EnsureOpenAsync(TestContext.Current.CancellationToken);
        var foreign = await MigrateAsync(target);
        (foreign.ExitCode, foreign.Output.Contains("was not made from it", StringComparison.Ordinal)).ShouldBe((1, true), foreign.Output);
        foreign.Output.ShouldContain("drop the database, gateway migrate --undo FILE, and migrate again");
        foreign.Output.ShouldNotContain("complete");
    }

    [Fact]
    public async Task A_migration_whose_last_answer_is_lost_is_found_to_be_complete_when_it_is_run_again()
    {
        Tools.NeedPostgreSql();
        await OpenAsync();
        var target = new NpgsqlConnectionStringBuilder(await CreateTargetAsync());
        await using var relay = new LostCommit(target.Port);
        var relayed = new NpgsqlConnectionStringBuilder(target.ToString()) { Port = relay.Port, SslMode = SslMode.Disable };

        var lost = await MigrateAsync(relayed.ToString());

        lost.ExitCode.ShouldBe(3, lost.Output);
        await Should.ThrowAsync<StoreRefusedException>(OpenAsync());
        var complete = await MigrateAsync(target.ToString());
        complete.ExitCode.ShouldBe(1);
        complete.Output.ShouldContain("the migration is complete");
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

    /// <summary>In the last step of a migration the server runs this.</summary>
    private static Task AtTheCommitAsync(string target, string statement) =>
        ExecuteAsync(
            target,
            $$"""
            create function refuse() returns trigger language plpgsql as $$ begin {{statement}} return null; end $$;
            create function watch() returns event_trigger language plpgsql as $$
            begin
              if not exists (select 1 from pg_trigger where tgname = 'late') then
                create constraint trigger late after insert on migration deferrable initially deferred for each row execute function refuse();
              end if;
            end $$;
            create event trigger watch on ddl_command_end when tag in ('CREATE TABLE') execute function watch();
            """
        );

    private static async Task ExecuteAsync(string target, string sql) =>
        await (await PostgreSqlServer.SharedAsync()).ExecuteAsync(new NpgsqlConnectionStringBuilder(target).Database!, sql);

    private static async Task<string> CreateTargetAsync() => await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync();

    private Task<(int ExitCode, string Output)> MigrateAsync(string target) =>
        GatewayProcess.RunAsync(_folder.Path, ["migrate", Store], ("Storage__Engine", "PostgreSql"), ("Storage__ConnectionString", target));

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => GatewayProcess.RunAsync(_folder.Path, arguments);

    /// <summary>Passes everything on, and closes the connection instead of the answer to a commit.</summary>
    private sealed class LostCommit : Relay
    {
        private readonly int _server;

        public LostCommit(int server)
        {
            _server = server;
            Start();
        }

        protected override async Task ServeAsync(Stream caller, CancellationToken cancellationToken)
        {
            using var target = new TcpClient();
            await target.ConnectAsync(IPAddress.Loopback, _server, cancellationToken);
            await using var server = target.GetStream();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var answers = server.CopyToAsync(caller, end.Token);
            var buffer = new byte[64 * 1024];
            while (await caller.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                var isCommit = buffer.AsSpan(0, read).IndexOf("COMMIT\0"u8) >= 0;
                if (isCommit)
                {
                    await end.CancelAsync();
                    await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
                await server.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                if (isCommit)
                {
                    // The commit is done when the server answers.
                    await server.ReadExactlyAsync(new byte[1], cancellationToken);
                    return;
                }
            }
        }
    }
}
