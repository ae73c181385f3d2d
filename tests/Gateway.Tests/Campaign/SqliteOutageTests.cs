using System.Diagnostics;
using System.Security.Cryptography;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>The disk is full, the file read-only, damaged, or used by another process (T-G10, T-G12).</summary>
public sealed class SqliteOutageTests
{
    /// <summary>Not as root, for whom no file is read-only.</summary>
    private static readonly string[] Unprivileged = Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        : [];

    /// <summary>A write beyond the limit fails, as on a full disk, instead of ending the process.</summary>
    private static readonly string[] SurvivingTheFileLimit = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];

    [Fact]
    public async Task On_a_full_disk_nothing_is_admitted_and_nothing_is_lost()
    {
        await using var fleet = await GatewayCluster.CreateAsync([GatewayCluster.Tenant("free")], within: SurvivingTheFileLimit);
        await fleet.StartAsync();
        using var crowd = new Crowd(["free"], () => fleet.Addresses, Random.Shared.Next());
        using var stop = new CancellationTokenSource();
        var load = crowd.RunAsync(8, stop.Token);
        for (var round = 0; round < 3; round++)
        {
            await crowd.IsServedAsync();
            await RunAsync("prlimit", "--pid", $"{fleet[0].Id}", "--fsize=1:");
            await Outage.MustShowAsync(fleet[0]);
            await RunAsync("prlimit", "--pid", $"{fleet[0].Id}", "--fsize=unlimited:");
            await Outage.MustEndAsync(fleet[0]);
        }
        await stop.CancelAsync();
        await load;
        await crowd.MustHaveBeenServedExactlyAsync(fleet);
    }

    [Fact]
    public async Task On_a_full_disk_readers_get_503_and_never_500()
    {
        await using var fleet = await GatewayCluster.CreateAsync([GatewayCluster.Tenant("free")], within: SurvivingTheFileLimit);
        await fleet.StartAsync();
        var id = await fleet[0].GenerateAsync("free");
        var paths = (string[])[$"/v1/generations/{id}", "/v1/generations", $"/v1/init-image/{Guid.NewGuid()}", "/v1/usage"];
        var readers = new StatusTally();
        using var crowd = new Crowd(["free"], () => fleet.Addresses, Random.Shared.Next());
        using var stop = new CancellationTokenSource();
        var load = crowd.RunAsync(6, stop.Token);
        var reading = Task.WhenAll(Enumerable.Range(0, 6).Select(i => readers.ReadAsync(fleet[0], "free", paths, i, stop.Token)));
        for (var round = 0; round < 6; round++)
        {
            await crowd.IsServedAsync();
            var before = readers.Count(503);
            await RunAsync("prlimit", "--pid", $"{fleet[0].Id}", "--fsize=1:");
            await Eventually.HoldsAsync(() => readers.Count(503) > before + 50);
            await RunAsync("prlimit", "--pid", $"{fleet[0].Id}", "--fsize=unlimited:");
            await Outage.MustEndAsync(fleet[0]);
        }
        await stop.CancelAsync();
        await Task.WhenAll(load, reading);

        readers.Unexpected.ShouldBeEmpty(readers.ToString());
        await crowd.MustHaveBeenServedExactlyAsync(fleet);
    }

    [Theory]
    [InlineData("a-w data/gateway.db")]
    [InlineData("a-w data")]
    [InlineData("a-rwx data/gateway.db")]
    public async Task While_the_store_is_not_writable_nothing_is_admitted(string change)
    {
        await using var fleet = await GatewayCluster.CreateAsync([GatewayCluster.Tenant("free")], within: Unprivileged);
        var data = Directory.CreateDirectory(Path.GetDirectoryName(fleet.DatabaseFile)!).FullName;
        await RunAsync("chmod", "-R", "a+rX", fleet.Folder);
        if (Unprivileged.Length > 0)
            await RunAsync("chown", "nobody", data);
        if (change.EndsWith(".db", StringComparison.Ordinal))
        {
            await fleet.StartAsync();
            await fleet.StopAsync(0);
        }
        var (mode, path) = (change.Split(' ')[0], Path.Combine(fleet.Folder, change.Split(' ')[1]));
        await RunAsync("chmod", mode, path);

        await fleet.StartAsync(ready: false);
        await fleet[0].IsAliveAsync();
        await Outage.MustShowAsync(fleet[0]);
        await RunAsync("chmod", "u+rwX", path);
        await Outage.MustEndAsync(fleet[0]);
    }

    [Theory]
    [InlineData("head")]
    [InlineData("all but the head")]
    [InlineData("half is gone")]
    public async Task A_damaged_file_is_refused_with_a_message(string damage)
    {
        await using var fleet = await GatewayCluster.CreateAsync([GatewayCluster.Tenant("free")]);
        await fleet.StartAsync();
        await Outage.MustEndAsync(fleet[0]);
        // A clean stop, so that everything is in the file itself.
        await fleet.StopAsync(0);
        File.Exists(fleet.DatabaseFile + "-wal").ShouldBeFalse();
        await using (var file = new FileStream(fleet.DatabaseFile, FileMode.Open))
        {
            if (damage == "half is gone")
                file.SetLength(file.Length / 2);
            else
            {
                file.Position = damage == "head" ? 0 : 4096;
                var bytes = new byte[damage == "head" ? 100 : (int)file.Length - 4096];
                RandomNumberGenerator.Fill(bytes);
                await file.WriteAsync(bytes);
            }
        }
        var (exitCode, output) = await GatewayProcess.RunAsync(fleet.Folder, [], [.. fleet.Settings, ("ASPNETCORE_HTTP_PORTS", "0")]);
        exitCode.ShouldNotBe(0);
        output.ShouldContain("gateway.db is damaged");
    }

    [Fact]
    public async Task A_second_gateway_on_the_same_file_is_refused_with_a_message_and_the_first_goes_on()
    {
        await using var fleet = await GatewayCluster.CreateAsync([GatewayCluster.Tenant("free")]);
        await fleet.StartAsync();
        var (exitCode, output) = await GatewayProcess.RunAsync(fleet.Folder, [], [.. fleet.Settings, ("ASPNETCORE_HTTP_PORTS", "0")]);
        exitCode.ShouldNotBe(0);
        output.ShouldContain("Another process uses");
        await Outage.MustEndAsync(fleet[0]);
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(command[0], command[1..]);
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, string.Join(' ', command));
    }
}
