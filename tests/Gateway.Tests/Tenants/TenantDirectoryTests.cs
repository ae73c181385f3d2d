using System.Collections.Concurrent;
using System.Net;
using Gateway.Cli;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Tenants;

/// <summary>The tenants file while the gateway runs.</summary>
public sealed class TenantDirectoryTests : IAsyncLifetime
{
    private readonly TestLog _log = new();
    private GatewayApp _gateway = null!;
    private TenantDirectory _directory = null!;

    private string TenantsFile => _gateway.TenantsFile;

    public async ValueTask InitializeAsync()
    {
        _gateway = await GatewayApp.StartAsync(Tenants("first"), log: _log);
        _directory = _gateway.Services.GetRequiredService<TenantDirectory>();
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_file_written_in_place_is_in_force_within_a_second()
    {
        var started = _directory.LoadedAt.ShouldNotBeNull();
        await File.WriteAllTextAsync(TenantsFile, Tenants("second"), TestContext.Current.CancellationToken);

        await InForceAsync("second");
        _directory.LoadedAt.ShouldNotBeNull().ShouldBeInRange(started.AddSeconds(1), _gateway.Time.GetUtcNow());
        (await _gateway.OutcomeAsync("127.0.0.1")).ShouldBe("second by network");
    }

    [Fact]
    public async Task A_token_that_is_removed_from_the_file_is_refused_within_a_second()
    {
        const string WithToken = """{ "tenants": [ { "id": "t", "identify": { "tokens": ["DIGEST"] } } ] }""";
        var digest = NewTokenCommand.DigestOf("lgw_mine");
        await File.WriteAllTextAsync(
            TenantsFile,
            WithToken.Replace("DIGEST", digest, StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        await InForceAsync("t");
        (await _gateway.OutcomeAsync("127.0.0.1", "Authorization: Bearer lgw_mine")).ShouldBe("t by token");

        await File.WriteAllTextAsync(TenantsFile, Tenants("first"), TestContext.Current.CancellationToken);
        await InForceAsync("first");
        (await _gateway.OutcomeAsync("127.0.0.1", "Authorization: Bearer lgw_mine")).ShouldBe("401");
    }

    [Fact]
    public async Task A_file_renamed_over_the_old_one_is_noticed_with_the_same_size_and_time()
    {
        var modified = File.GetLastWriteTimeUtc(TenantsFile);
        await File.WriteAllTextAsync(TenantsFile + ".new", Tenants("other"), TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(TenantsFile + ".new", modified);
        new FileInfo(TenantsFile + ".new").Length.ShouldBe(new FileInfo(TenantsFile).Length);

        File.Move(TenantsFile + ".new", TenantsFile, overwrite: true);

        await InForceAsync("other");
    }

    [Fact]
    public async Task A_bad_file_is_logged_once_and_the_last_good_one_stays_in_force()
    {
        await File.WriteAllTextAsync(
            TenantsFile,
            """{ "tenants": [ { "id": "second", "identify": { "networks": ["127.0.0.0/8"] } }, { "id": "Bad", "quota": { "imagesPerDay": -1 } } ] }""",
            TestContext.Current.CancellationToken
        );

        await TickAsync(() => _directory.FileError is not null);
        for (var i = 0; i < 5; i++)
            _directory.Load();

        (await _gateway.OutcomeAsync("127.0.0.1")).ShouldBe("first by network");
        _directory.FileError.ShouldBe(
            "#/tenants/1/id: must be 1 to 64 of a-z, 0-9 and -\n#/tenants/1/quota/imagesPerDay: must be from 0 to 1000000000"
        );
        var errors = _log.Lines.Where(line => line.StartsWith("Error", StringComparison.Ordinal)).ToArray();
        errors.Length.ShouldBe(2, "each of its two faults, once");
        errors.ShouldAllBe(line => line.Contains("the last good one stays in force", StringComparison.Ordinal));

        await File.WriteAllTextAsync(TenantsFile, Tenants("third"), TestContext.Current.CancellationToken);
        await InForceAsync("third");
        _directory.FileError.ShouldBeNull();
    }

    [Fact]
    public async Task A_bad_file_that_is_reverted_is_good_again()
    {
        await File.WriteAllTextAsync(TenantsFile, "{", TestContext.Current.CancellationToken);
        await TickAsync(() => _directory.FileError is not null);

        await File.WriteAllTextAsync(TenantsFile, Tenants("first"), TestContext.Current.CancellationToken);

        await TickAsync(() => _directory.FileError is null);
    }

    [Fact]
    public async Task A_missing_file_is_an_error_and_the_last_good_one_stays_in_force()
    {
        File.Delete(TenantsFile);
        await TickAsync(() => _directory.FileError is "the file is missing");
        for (var i = 0; i < 5; i++)
            _directory.Load();
        _log.Lines.Count(line => line.StartsWith("Error", StringComparison.Ordinal)).ShouldBe(1, "said once");
        (await _gateway.OutcomeAsync("127.0.0.1")).ShouldBe("first by network");

        await File.WriteAllTextAsync(TenantsFile, Tenants("first"), TestContext.Current.CancellationToken);
        await TickAsync(() => _directory.FileError is null);
    }

    [Fact]
    public async Task A_Kubernetes_mount_that_swaps_its_data_link_is_noticed()
    {
        // As the kubelet lays it out: file → ..data/file, ..data → a dated folder; a rename swaps ..data.
        var mount = Path.GetDirectoryName(TenantsFile)!;
        File.Delete(TenantsFile);
        Lay("..2026_11_22_1", "mounted");
        Directory.CreateSymbolicLink(Path.Combine(mount, "..data"), "..2026_11_22_1");
        File.CreateSymbolicLink(TenantsFile, Path.Combine("..data", "tenants.json"));
        await InForceAsync("mounted");

        Lay("..2026_11_22_2", "swapped");
        Directory.CreateSymbolicLink(Path.Combine(mount, "..data_tmp"), "..2026_11_22_2");
        RenameOver(Path.Combine(mount, "..data_tmp"), Path.Combine(mount, "..data"));
        Directory.Delete(Path.Combine(mount, "..2026_11_22_1"), recursive: true);

        await InForceAsync("swapped");
        _directory.FileError.ShouldBeNull();

        void Lay(string folder, string tenant)
        {
            Directory.CreateDirectory(Path.Combine(mount, folder));
            File.WriteAllText(Path.Combine(mount, folder, "tenants.json"), Tenants(tenant));
        }
    }

    [Fact]
    public async Task A_reload_under_load_loses_no_request_and_never_mixes_two_files()
    {
        using var stop = new CancellationTokenSource();
        var answers = new ConcurrentQueue<string>();
        var callers = Enumerable.Range(0, 4).Select(_ => CallAsync()).ToArray();

        for (var i = 0; i < 50 || answers.Count < 500; i++)
        {
            await File.WriteAllTextAsync(TenantsFile, i % 3 == 2 ? "{ bad" : Tenants($"tenant-{i}"), TestContext.Current.CancellationToken);
            _directory.Load();
        }
        await stop.CancelAsync();
        await Task.WhenAll(callers);

        answers.ShouldAllBe(answer => answer == "first by network" || answer.StartsWith("tenant-", StringComparison.Ordinal));
        answers.Distinct(StringComparer.Ordinal).Count().ShouldBeGreaterThan(2);

        async Task CallAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                using var response = await _gateway.GetAsync("/v1/usage");
                answers.Enqueue(await response.OutcomeAsync());
            }
        }
    }

    [Fact]
    public async Task Readiness_is_degraded_but_ready_while_the_tenants_file_is_bad()
    {
        (await ReadinessAsync()).ShouldBe(("ok", HttpStatusCode.OK));

        await File.WriteAllTextAsync(TenantsFile, """{ "tenants": [] }""", TestContext.Current.CancellationToken);
        _directory.Load().ShouldNotBeEmpty();

        (await ReadinessAsync()).ShouldBe(("degraded", HttpStatusCode.OK));

        async Task<(string, HttpStatusCode)> ReadinessAsync()
        {
            using var response = await _gateway.GetAsync("/health/ready");
            return ((await response.JsonAsync())["checks"]!["tenants"]!["status"]!.GetValue<string>(), response.StatusCode);
        }
    }

    [Fact]
    public async Task A_fresh_clone_serves_this_machine_without_limits_until_there_is_a_file()
    {
        using var folder = new TemporaryFolder();
        var file = folder["tenants.json"];
        await using var gateway = await GatewayApp.StartAsync(settings: [("environment", "Development"), ("Tenants:File", file)]);
        var directory = gateway.Services.GetRequiredService<TenantDirectory>();

        (await gateway.OutcomeAsync("127.0.0.1")).ShouldBe("default by network");
        (await gateway.OutcomeAsync("127.99.0.1")).ShouldBe("default by network");
        var tenant = directory.Current.Tenants.Values.ShouldHaveSingleItem();
        tenant.ShouldBe(new Tenant("default", "Default", QuotaLimits.Unlimited, TenantPolicy.Default));

        await File.WriteAllTextAsync(file, Tenants("mine"), TestContext.Current.CancellationToken);
        directory.Load().ShouldBeEmpty();
        (await gateway.OutcomeAsync("127.0.0.1")).ShouldBe("mine by network");
    }

    private async Task InForceAsync(string tenant) => await TickAsync(() => _directory.Current.Tenants.ContainsKey(tenant));

    /// <summary>A second of the gateway's clock at a time: the directory looks at the file once in each.</summary>
    private Task TickAsync(Func<bool> condition) =>
        Eventually.HoldsAsync(() =>
        {
            _gateway.Time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        });

    private static string Tenants(string id) => $$"""{ "tenants": [ { "id": "{{id}}", "identify": { "networks": ["127.0.0.0/8"] } } ] }""";

    /// <summary>rename(2): File.Move follows a link to a directory.</summary>
    private static void RenameOver(string from, string to)
    {
        using var mv = System.Diagnostics.Process.Start("mv", ["-T", from, to]);
        mv.WaitForExit();
        mv.ExitCode.ShouldBe(0);
    }
}
