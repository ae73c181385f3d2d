using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Deploy;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Edge;

/// <summary>
/// Few open files, little memory, a root that cannot be written: the start is refused, or good requests are answered.
/// </summary>
public sealed class SmallContainerTests
{
    private const string Tenants = """{ "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] } } ] }""";

    [Theory]
    [InlineData(1024)]
    [InlineData(2048)]
    public async Task As_many_silent_connections_as_the_process_may_open_files_do_not_end_it(int files)
    {
        Tools.NeedLinux();
        using var folder = await FolderAsync();
        await using var gateway = Launch(folder, Shell($"ulimit -n {files}"));
        await gateway.IsReadyAsync();
        gateway.Output.ShouldContain($"limit of open files: {files}");

        var silent = new List<Socket>();
        for (var i = 0; i < files; i++)
            silent.Add(await ConnectAsync(gateway));
        await ShouldServeAsync(gateway);

        silent.ForEach(socket => socket.Dispose());
        await ShouldServeAsync(gateway);
        await gateway.StopAsync();
        gateway.ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(511)]
    public async Task With_too_few_open_files_it_does_not_start_and_says_why_in_one_sentence(int files)
    {
        Tools.NeedLinux();
        using var folder = await FolderAsync();
        await using var gateway = Launch(folder, Shell($"ulimit -n {files}"));
        await gateway.HasExitedAsync();

        gateway.ExitCode.ShouldBe(1);
        gateway
            .Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe([
                "The gateway does not start:",
                $"- Limits:Connections: only {Math.Max(0, (files - 384) / 2)} connections fit into the limit of open files of this process, which is {files}, "
                    + "and at least 64 are needed: raise the limit of open files (ulimit -n) to 512 or more",
            ]);
    }

    /// <summary>
    /// As a container with <c>readOnlyRootFilesystem</c>: only the folder of the store can be written.
    /// </summary>
    [Fact]
    public async Task With_a_root_that_cannot_be_written_good_requests_are_answered()
    {
        using var folder = await FolderAsync();
        await using var gateway = await LaunchWithReadOnlyRootAsync(folder);
        await gateway.IsReadyAsync();
        await ShouldServeAsync(gateway);
        using var form = TwoTenants.Form(TwoTenants.Png, "x.png");
        using var upload = await gateway.Client.PostAsync("/v1/init-image", form, TestContext.Current.CancellationToken);
        upload.StatusCode.ShouldBe(HttpStatusCode.OK, await upload.TextAsync());
    }

    /// <summary>A volume may be mounted later: the process lives, and admits nothing.</summary>
    [Fact]
    public async Task With_no_place_for_the_store_it_lives_and_admits_nothing()
    {
        using var folder = await FolderAsync();
        // Below a file there can be no folder, for root neither.
        await using var gateway = Launch(folder, [], ("Storage__ConnectionString", $"Data Source={folder["tenants.json"]}/gateway.db"));
        await Eventually.HoldsAsync(async () => await StatusAsync(gateway, "/health/ready") == HttpStatusCode.ServiceUnavailable);
        (await StatusAsync(gateway, "/health/live")).ShouldBe(HttpStatusCode.OK);
        using var content = new StringContent(GatewayApp.Guide, null, "application/json");
        using var answer = await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
        await answer.ProblemAsync(503, "store-unavailable");
    }

    /// <summary>
    /// docs/operating.md says 200 MB. With less the process may not be killed while its callers are good.
    /// </summary>
    [Fact]
    public async Task With_64_MiB_less_memory_than_documented_good_requests_are_answered()
    {
        const int Limit = 136 * 1024 * 1024;
        using var folder = await FolderAsync();
        using var group = MemoryControlGroup.TryCreate(Limit);
        await using var gateway = group is null
            // What the collector takes of a container's limit.
            ? Launch(folder, Shell("ulimit -n 1024"), ("DOTNET_GCHeapHardLimit", $"{Limit / 4 * 3:x}"))
            : Launch(folder, Shell($"echo $$ > {group.Processes} && ulimit -n 1024"));
        await gateway.IsReadyAsync();
        var silent = new List<Socket>();
        for (var i = 0; i < 1024; i++)
            silent.Add(await ConnectAsync(gateway));
        // As many as the account has slots, again and again; fewer than it takes in a minute.
        for (var round = 0; round < 8; round++)
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ShouldServeAsync(gateway)));
        silent.ForEach(socket => socket.Dispose());
        await gateway.StopAsync();
        gateway.ExitCode.ShouldBe(0);
    }

    /// <summary>
    /// With mounts of its own; where the machine does not allow that, as a user who may write nowhere else.
    /// </summary>
    private static async Task<GatewayProcess> LaunchWithReadOnlyRootAsync(TemporaryFolder folder)
    {
        Tools.Need("unshare", "mount", "setpriv", "chown");
        if (!Environment.IsPrivilegedProcess)
            Tools.ReportMissing("A root that cannot be written needs root.");
        var (exit, _) = await DeployFilesTests.RunAsync("unshare", "--mount", "true");
        if (exit == 0)
            return Launch(
                folder,
                [
                    "unshare",
                    "--mount",
                    .. Shell($"mount --bind '{folder.Path}' '{folder.Path}' && mount -o remount,ro,bind / && mount -t tmpfs none /dev/shm"),
                ]
            );
        (await DeployFilesTests.RunAsync("chown", "-R", "nobody", folder.Path)).Exit.ShouldBe(0);
        return Launch(folder, ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    }

    /// <param name="first">What the shell does before it becomes the gateway.</param>
    private static string[] Shell(string first) => ["bash", "-c", first + " && exec \"$@\"", "bash"];

    private static GatewayProcess Launch(TemporaryFolder folder, string[] within, params (string Name, string Value)[] settings) =>
        GatewayProcess.Launch(
            folder.Path,
            within,
            [
                ("Leonardo__Simulator", "true"),
                ("Leonardo__QueueTimeout", "00:00:30"),
                ("TMPDIR", folder.Path),
                ("DOTNET_EnableDiagnostics", "0"),
                .. settings,
            ]
        );

    private static async Task<Socket> ConnectAsync(GatewayProcess gateway)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Address.Port, TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<HttpStatusCode?> StatusAsync(GatewayProcess gateway, string path)
    {
        try
        {
            using var answer = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>On a connection of its own.</summary>
    private static async Task ShouldServeAsync(GatewayProcess gateway)
    {
        using var client = SecretScanningHandler.CreateClient(gateway.Address);
        using var content = new StringContent(GatewayApp.Guide, null, "application/json");
        using var answer = await client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
    }

    private static async Task<TemporaryFolder> FolderAsync()
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], Tenants, TestContext.Current.CancellationToken);
        return folder;
    }

    /// <summary>Version 1 of control groups; of version 2, a process may not divide the group that it is in.</summary>
    private sealed class MemoryControlGroup : IDisposable
    {
        private const string Root = "/sys/fs/cgroup/memory";

        private readonly string _path = $"{Root}/gateway-test-{Guid.NewGuid():N}";

        public string Processes => _path + "/cgroup.procs";

        /// <returns>Null: this machine has none, or does not let this user make one.</returns>
        public static MemoryControlGroup? TryCreate(int bytes)
        {
            if (!File.Exists(Root + "/memory.limit_in_bytes"))
                return null;
            var group = new MemoryControlGroup();
            try
            {
                Directory.CreateDirectory(group._path);
                File.WriteAllText(group._path + "/memory.limit_in_bytes", $"{bytes}");
                return group;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        public void Dispose() => Directory.Delete(_path);
    }
}
