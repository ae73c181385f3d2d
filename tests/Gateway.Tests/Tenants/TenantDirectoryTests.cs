using System.Collections.Concurrent;
using Gateway.Cli;
using Gateway.Tests.Harness;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Tenants;

/// <summary>The tenants file while the gateway runs.</summary>
public sealed class TenantDirectoryTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private TenantsHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TenantsHost.Start(Tenants("first"), clock: _clock);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_file_written_in_place_is_in_force_within_a_second()
    {
        var started = _host.Directory.LoadedAt.ShouldNotBeNull();
        await File.WriteAllTextAsync(_host.File, Tenants("second"), TestContext.Current.CancellationToken);

        await InForce("second");
        _host.Directory.LoadedAt.ShouldNotBeNull().ShouldBeInRange(started.AddSeconds(1), _clock.GetUtcNow());
        (await _host.Ask()).Outcome.ShouldBe("second by network");
    }

    [Fact]
    public async Task A_token_that_is_removed_from_the_file_is_refused_within_a_second()
    {
        const string WithToken = """{ "tenants": [ { "id": "t", "identify": { "tokens": ["DIGEST"] } } ] }""";
        var digest = NewTokenCommand.DigestOf("lgw_mine");
        await File.WriteAllTextAsync(
            _host.File,
            WithToken.Replace("DIGEST", digest, StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        await InForce("t");
        (await _host.AskRaw("127.0.0.1", "Authorization: Bearer lgw_mine")).Outcome.ShouldBe("t by token");

        await File.WriteAllTextAsync(_host.File, Tenants("first"), TestContext.Current.CancellationToken);
        await InForce("first");
        (await _host.AskRaw("127.0.0.1", "Authorization: Bearer lgw_mine")).Outcome.ShouldBe("401");
    }

    [Fact]
    public async Task A_file_renamed_over_the_old_one_is_noticed_with_the_same_size_and_time()
    {
        var modified = File.GetLastWriteTimeUtc(_host.File);
        await File.WriteAllTextAsync(_host.File + ".new", Tenants("other"), TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(_host.File + ".new", modified);
        new FileInfo(_host.File + ".new").Length.ShouldBe(new FileInfo(_host.File).Length);

        File.Move(_host.File + ".new", _host.File, overwrite: true);

        await InForce("other");
    }

    [Fact]
    public async Task A_bad_file_is_logged_once_and_the_last_good_one_stays_in_force()
    {
        await File.WriteAllTextAsync(
            _host.File,
            """{ "tenants": [ { "id": "second", "identify": { "networks": ["127.0.0.0/8"] } }, { "id": "Bad", "quota": { "imagesPerDay": -1 } } ] }""",
            TestContext.Current.CancellationToken
        );

        await Tick(() => _host.Directory.FileError is not null);
        for (var i = 0; i < 5; i++)
            _host.Directory.Load();

        (await _host.Ask()).Outcome.ShouldBe("first by network");
        _host.Directory.FileError.ShouldBe(
            "#/tenants/1/id: must be 1 to 64 of a-z, 0-9 and -\n#/tenants/1/quota/imagesPerDay: must be from 0 to 1000000000"
        );
        var errors = _host.Log.All.Where(line => line.StartsWith("Error", StringComparison.Ordinal)).ToArray();
        errors.Length.ShouldBe(2, "each of its two faults, once");
        errors.ShouldAllBe(line => line.Contains("the last good one stays in force", StringComparison.Ordinal));

        await File.WriteAllTextAsync(_host.File, Tenants("third"), TestContext.Current.CancellationToken);
        await InForce("third");
        _host.Directory.FileError.ShouldBeNull();
    }

    [Fact]
    public async Task A_bad_file_that_is_reverted_is_good_again()
    {
        await File.WriteAllTextAsync(_host.File, "{", TestContext.Current.CancellationToken);
        await Tick(() => _host.Directory.FileError is not null);

        await File.WriteAllTextAsync(_host.File, Tenants("first"), TestContext.Current.CancellationToken);

        await Tick(() => _host.Directory.FileError is null);
    }

    [Fact]
    public async Task A_missing_file_is_an_error_and_the_last_good_one_stays_in_force()
    {
        File.Delete(_host.File);
        await Tick(() => _host.Directory.FileError is "the file is missing");
        for (var i = 0; i < 5; i++)
            _host.Directory.Load();
        _host.Log.All.Count(line => line.StartsWith("Error", StringComparison.Ordinal)).ShouldBe(1, "said once");
        (await _host.Ask()).Outcome.ShouldBe("first by network");

        await File.WriteAllTextAsync(_host.File, Tenants("first"), TestContext.Current.CancellationToken);
        await Tick(() => _host.Directory.FileError is null);
    }

    [Fact]
    public async Task A_Kubernetes_mount_that_swaps_its_data_link_is_noticed()
    {
        // As the kubelet lays it out: file → ..data/file, ..data → a dated folder; a rename swaps ..data.
        var mount = Path.GetDirectoryName(_host.File)!;
        File.Delete(_host.File);
        Lay("..2026_11_22_1", "mounted");
        Directory.CreateSymbolicLink(Path.Combine(mount, "..data"), "..2026_11_22_1");
        File.CreateSymbolicLink(_host.File, Path.Combine("..data", "tenants.json"));
        await InForce("mounted");

        Lay("..2026_11_22_2", "swapped");
        Directory.CreateSymbolicLink(Path.Combine(mount, "..data_tmp"), "..2026_11_22_2");
        RenameOver(Path.Combine(mount, "..data_tmp"), Path.Combine(mount, "..data"));
        Directory.Delete(Path.Combine(mount, "..2026_11_22_1"), recursive: true);

        await InForce("swapped");
        _host.Directory.FileError.ShouldBeNull();

        void Lay(string folder, string tenant)
        {
            Directory.CreateDirectory(Path.Combine(mount, folder));
            File.WriteAllText(Path.Combine(mount, folder, "tenants.json"), Tenants(tenant));
        }
    }

    [Fact]
    public async Task A_reload_under_load_loses_no_request_and_never_mixes_two_files()
    {
        using var client = TenantsHost.ClientFrom("127.0.0.1", _host.Addresses[0]);
        using var stop = new CancellationTokenSource();
        var answers = new ConcurrentQueue<string>();
        var callers = Enumerable.Range(0, 4).Select(_ => Call()).ToArray();

        for (var i = 0; i < 50 || answers.Count < 500; i++)
        {
            await File.WriteAllTextAsync(_host.File, i % 3 == 2 ? "{ bad" : Tenants($"tenant-{i}"), TestContext.Current.CancellationToken);
            _host.Directory.Load();
        }
        await stop.CancelAsync();
        await Task.WhenAll(callers);

        answers.ShouldAllBe(answer => answer == "first by network" || answer.StartsWith("tenant-", StringComparison.Ordinal));
        answers.Distinct(StringComparer.Ordinal).Count().ShouldBeGreaterThan(2);

        async Task Call()
        {
            while (!stop.IsCancellationRequested)
                answers.Enqueue(await client.GetStringAsync(new Uri("/who", UriKind.Relative), TestContext.Current.CancellationToken));
        }
    }

    private async Task InForce(string tenant) => await Tick(() => _host.Directory.Current.Tenants.ContainsKey(tenant));

    /// <summary>A second of the gateway's clock at a time: the directory looks at the file once in each.</summary>
    private Task Tick(Func<bool> condition) =>
        Eventually.HoldsAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
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
