using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Harness;
using Gateway.Tests.Tenants;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Cli;

/// <summary><c>gateway backup</c>, beside a running gateway and without one.</summary>
public sealed class BackupTests : IDisposable
{
    /// <summary>
    /// The simulator of a restored gateway knows nothing of the generations in its store: they must not use up the
    /// slots and the minute of the account.
    /// </summary>
    private static readonly (string, string)[] Simulated =
    [
        ("Leonardo__Simulator", "true"),
        ("Leonardo__ConcurrentGenerations", "1000"),
        ("Leonardo__GenerationsPerMinute", "100000"),
    ];

    private readonly TemporaryFolder _folder = new();

    private string Store => Path.Combine(_folder.Path, "data", "gateway.db");

    private string Copy => Path.Combine(_folder.Path, "copy.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_running_gateway_is_backed_up_while_it_settles_requests()
    {
        await WriteTenantsAsync(_folder.Path);
        int before;
        await using (var gateway = await GatewayProcess.StartAsync(_folder.Path, Simulated))
        {
            (await PostAsync(gateway)).ShouldBe(HttpStatusCode.OK);
            using var stop = new CancellationTokenSource();
            var posts = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostUntilAsync(gateway, stop.Token)));
            await Eventually.HoldsAsync(async () => await SettledAsync(gateway) >= 3);
            before = await SettledAsync(gateway);

            var backup = await RunAsync("backup", Copy);

            await stop.CancelAsync();
            (await posts).Sum().ShouldBeGreaterThan(0);
            backup.Output.Trim().ShouldBe($"backed up to {Copy}");
            backup.ExitCode.ShouldBe(0);
            (await SettledAsync(gateway)).ShouldBeGreaterThan(before);
            await gateway.StopAsync();
            File.Exists(Store + ".sock").ShouldBeFalse();
        }
        Directory.GetFiles(_folder.Path, "copy.db*").ShouldBe([Copy]);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Copy).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        QuickCheck(Copy).ShouldBe("ok");

        // A gateway starts on it, and has everything that was settled before the command began.
        using var other = new TemporaryFolder();
        await WriteTenantsAsync(other.Path);
        await using var restored = await GatewayProcess.StartAsync(
            other.Path,
            [.. Simulated, ("Storage__ConnectionString", $"Data Source={Copy}")]
        );
        (await SettledAsync(restored)).ShouldBeGreaterThanOrEqualTo(before);
        (await PostAsync(restored)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_scripts_back_up_a_running_gateway_and_restore_what_they_made()
    {
        Tools.Need("sqlite3");
        await WriteTenantsAsync(_folder.Path);
        await using (var gateway = await GatewayProcess.StartAsync(_folder.Path, Simulated))
        {
            (await PostAsync(gateway)).ShouldBe(HttpStatusCode.OK);
            var backup =
                $"GATEWAY_COMMAND='dotnet {GatewayProcess.Program}' {Repository.Path("deploy", "backup.sh")} sqlite data/gateway.db copy.db";
            (await Shell.RunAsync(backup, _folder.Path)).ShouldContain("backed up to");
            (await Should.ThrowAsync<InvalidOperationException>(() => Shell.RunAsync(backup, _folder.Path))).Message.ShouldContain(
                "exists"
            );
            await gateway.StopAsync();
        }
        Directory.Delete(Path.GetDirectoryName(Store)!, recursive: true);
        Directory.CreateDirectory(Path.GetDirectoryName(Store)!);

        await Shell.RunAsync($"{Repository.Path("deploy", "restore.sh")} sqlite copy.db data/gateway.db", _folder.Path);

        await using var restored = await GatewayProcess.StartAsync(_folder.Path, Simulated);
        (await SettledAsync(restored)).ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_gateway_the_command_copies_the_file_itself_even_after_a_kill()
    {
        await WriteTenantsAsync(_folder.Path);
        await using (var gateway = await GatewayProcess.StartAsync(_folder.Path, Simulated))
        {
            (await PostAsync(gateway)).ShouldBe(HttpStatusCode.OK);
            await gateway.KillAsync();
        }
        File.Exists(Store + ".sock").ShouldBeTrue("a killed gateway leaves its socket");

        var backup = await RunAsync("backup", "copy.db");

        backup.ExitCode.ShouldBe(0, backup.Output);
        QuickCheck(Copy).ShouldBe("ok");
        // The next gateway takes the socket's place.
        await using var again = await GatewayProcess.StartAsync(_folder.Path, Simulated);
        var second = Path.Combine(_folder.Path, "second.db");
        (await RunAsync("backup", second)).ExitCode.ShouldBe(0);
        QuickCheck(second).ShouldBe("ok");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_exists_is_never_overwritten(bool isRunning)
    {
        await WriteTenantsAsync(_folder.Path);
        await using var gateway = await GatewayProcess.StartAsync(_folder.Path, Simulated);
        if (!isRunning)
            await gateway.StopAsync();
        await File.WriteAllTextAsync(Copy, "precious", TestContext.Current.CancellationToken);

        var backup = await RunAsync("backup", Copy);

        backup.ExitCode.ShouldBe(1);
        backup.Output.ShouldContain("exists");
        (await File.ReadAllTextAsync(Copy, TestContext.Current.CancellationToken)).ShouldBe("precious");
        var nowhere = await RunAsync("backup", Path.Combine(_folder.Path, "no-such-folder", "copy.db"));
        nowhere.ExitCode.ShouldBe(1, nowhere.Output);
    }

    [Fact]
    public async Task A_store_that_is_locked_or_missing_is_exit_code_3()
    {
        var missing = await RunAsync("backup", Copy);
        missing.ExitCode.ShouldBe(3);
        missing.Output.ShouldContain("There is no store at");

        Directory.CreateDirectory(Path.GetDirectoryName(Store)!);
        await using var other = new SqliteConnection($"Data Source={Store};Pooling=False");
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = other.CreateCommand();
        command.CommandText = "pragma locking_mode = exclusive; create table t (x); insert into t values (1)";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var locked = await RunAsync("backup", Copy);

        locked.ExitCode.ShouldBe(3);
        locked.Output.ShouldContain("Another process uses");
        locked.Output.ShouldNotContain("   at ");
        File.Exists(Copy).ShouldBeFalse();
    }

    [Fact]
    public async Task PostgreSQL_has_tools_of_its_own()
    {
        var backup = await GatewayProcess.RunAsync(
            _folder.Path,
            ["backup", Copy],
            ("Storage__Engine", "PostgreSql"),
            ("Storage__ConnectionString", "Host=127.0.0.1;Database=gateway")
        );

        backup.ExitCode.ShouldBe(2);
        backup.Output.ShouldContain("pg_dump");
        backup.Output.ShouldContain("deploy/backup.sh");
    }

    [Fact]
    public async Task Only_the_gateways_own_user_may_ask_for_a_backup_and_only_for_an_absolute_path()
    {
        await WriteTenantsAsync(_folder.Path);
        await using var gateway = await GatewayProcess.StartAsync(_folder.Path, Simulated);
        (await AskAsync("relative.db\n")).ShouldStartWith("2 ");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Store + ".sock").ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // A caller that goes away without a word does not stop the next one.
        (await AskAsync("")).ShouldStartWith("2 ");
        (await AskAsync($"{Copy}\n")).ShouldBe($"0 backed up to {Copy}");
    }

    private async Task<string> AskAsync(string request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Store + ".sock"));
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        if (request.Length == 0)
            socket.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private static string? QuickCheck(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "pragma quick_check";
        return command.ExecuteScalar()?.ToString();
    }

    private static async Task<int> PostUntilAsync(GatewayProcess gateway, CancellationToken stop)
    {
        var settled = 0;
        while (!stop.IsCancellationRequested)
            settled += await PostAsync(gateway) == HttpStatusCode.OK ? 1 : 0;
        return settled;
    }

    private static async Task<HttpStatusCode> PostAsync(GatewayProcess gateway)
    {
        // A new request each time: the backup holds some whose outcome is not known any more.
        var body = $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"cat {{{Guid.NewGuid()}}}"}}""";
        using var content = new StringContent(body, null, "application/json");
        using var answer = await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<int> SettledAsync(GatewayProcess gateway)
    {
        using var answer = await gateway.Client.GetAsync("/v1/usage", TestContext.Current.CancellationToken);
        return (await answer.JsonAsync())["totals"]!["today"]!["generations"]!.GetValue<int>();
    }

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => GatewayProcess.RunAsync(_folder.Path, arguments);

    private static Task WriteTenantsAsync(string folder) =>
        File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );
}
