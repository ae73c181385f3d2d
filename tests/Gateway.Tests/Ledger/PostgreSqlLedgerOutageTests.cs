using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Npgsql;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>A server that stops, hangs, or cuts connections, with the real clock (T-G10, T-G11).</summary>
public sealed class PostgreSqlLedgerOutageTests : IAsyncLifetime
{
    private static readonly QuotaOptions Options = new()
    {
        ConcurrentGenerations = 1000,
        GenerationsPerMinute = 1_000_000,
        StoreTimeout = TimeSpan.FromSeconds(1),
        // The store's clock stands still here, and a replica's next sign of life with it.
        RepeatWindow = TimeSpan.Zero,
    };

    private PostgreSqlServer _server = null!;
    private PostgreSqlHarness _harness = null!;
    private string _database = null!;

    public async ValueTask InitializeAsync()
    {
        Tools.NeedPostgreSql();
        _server = await PostgreSqlServer.StartAsync();
        _database = await _server.CreateDatabaseAsync();
        _harness = new PostgreSqlHarness(_server, _database) { Options = Options };
    }

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task While_the_server_is_stopped_nothing_is_admitted_and_nothing_is_lost()
    {
        var ledger = await _harness.StartAsync(time: TimeProvider.System);
        var tenant = Tenant("a", new QuotaLimits(ImagesPerDay: 10));
        var sent = await ledger.AdmittedAsync(Request(tenant, images: 3));
        await _server.KillAsync();

        for (var i = 0; i < 5; i++)
            (await ledger.AdmitAsync(Request(tenant), CancellationToken.None)).ShouldBeOfType<Admission.Unavailable>();
        (await ledger.IsAvailableAsync(CancellationToken.None)).ShouldBeFalse();
        (await ledger.SettleAsync(sent.ReservationId, Cost("g"))).ShouldBe(RecordingResult.Delayed);
        ledger.Delayed.ShouldBeGreaterThan(0);
        await _server.RunAsync();

        await UntilAsync(async () => await ledger.IsAvailableAsync(CancellationToken.None) && ledger.Delayed == 0);
        var day = await ledger.QuotaAsync(tenant, "images-day");
        (day.Used, day.Held).ShouldBe((3, 0));
        await ledger.AdmittedAsync(Request(tenant, images: 7));
        (await _harness.AuditAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_gateway_that_starts_without_the_server_waits_for_it()
    {
        await _server.KillAsync();
        var ledger = await _harness.StartAsync(time: TimeProvider.System);
        (await ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ShouldBeOfType<Admission.Unavailable>();

        await _server.RunAsync();

        await UntilAsync(async () => await ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None) is Admission.Admitted);
    }

    [Fact]
    public async Task While_the_server_is_paused_a_refused_caller_is_not_charged()
    {
        var ledger = await _harness.StartAsync(time: TimeProvider.System);
        var tenant = Tenant("a");
        var sent = await ledger.AdmittedAsync(Request(tenant, images: 3));
        await _server.PauseAsync();

        var waited = Stopwatch.StartNew();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ledger.AdmitAsync(Request(tenant), CancellationToken.None)));
        waited.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(4));
        answers.ShouldAllBe(answer => answer is Admission.Unavailable);
        (await ledger.SettleAsync(sent.ReservationId, Cost("g"))).ShouldBe(RecordingResult.Delayed);
        await _server.ContinueAsync();

        await UntilAsync(async () => await ledger.IsAvailableAsync(CancellationToken.None) && ledger.Delayed == 0);
        await UntilAsync(async () => (await ledger.QuotaAsync(tenant, "images-day")).Held == 0);
        (await ledger.QuotaAsync(tenant, "images-day")).Used.ShouldBe(3);
        (await _harness.AuditAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task When_connections_are_cut_under_load_the_answers_agree_with_the_ledger()
    {
        var here = await _harness.StartAsync(time: TimeProvider.System);
        var there = await _harness.StartAsync(time: TimeProvider.System);
        var tenant = Tenant("a", new QuotaLimits(ImagesPerDay: 400));
        var admitted = new ConcurrentBag<Guid>();
        var answers = new ConcurrentDictionary<string, int>();
        using var stop = new CancellationTokenSource();
        var callers = Enumerable
            .Range(0, 16)
            .Select(i =>
                Task.Run(async () =>
                {
                    var ledger = i % 2 == 0 ? here : there;
                    while (!stop.IsCancellationRequested)
                    {
                        var answer = await ledger.AdmitAsync(Request(tenant), CancellationToken.None);
                        answers.AddOrUpdate(answer.GetType().Name, 1, (_, n) => n + 1);
                        if (answer is not Admission.Admitted one)
                            continue;
                        admitted.Add(one.ReservationId);
                        await ledger.SettleAsync(one.ReservationId, Cost("g-" + one.ReservationId));
                    }
                })
            )
            .ToList();

        try
        {
            await CutConnectionsAsync(answers);
            await UntilAsync(() => Task.FromResult(answers.ContainsKey(nameof(Admission.Exceeded))));
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(callers);
        }
        await UntilAsync(async () => await here.IsAvailableAsync(CancellationToken.None) && here.Delayed + there.Delayed == 0);

        // What was given up has been released, and used by others: all 400 images are used exactly once.
        await UntilAsync(async () => (await here.QuotaAsync(tenant, "images-day")).Held == 0);
        var day = await here.QuotaAsync(tenant, "images-day");
        day.Used.ShouldBe(admitted.Count);
        day.Used.ShouldBeLessThanOrEqualTo(400);
        answers.ShouldContainKey(nameof(Admission.Unavailable));
        (here.Alarms + there.Alarms).ShouldBe(0);
        (await _harness.AuditAsync()).ShouldBeEmpty();
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join(", ", answers.Select(one => $"{one.Key} {one.Value}")));
    }

    [Fact]
    public async Task A_replica_that_stops_while_it_holds_the_lock_does_not_stop_the_others()
    {
        var ledger = await _harness.StartAsync(time: TimeProvider.System);
        await using var stopped = new NpgsqlConnection(_database + ";Pooling=false");
        await stopped.OpenAsync(TestContext.Current.CancellationToken);
        await using var batch = new NpgsqlBatch(stopped);
        batch.Add("begin");
        batch.Add(PostgreSqlLedgerStatements.Limits);
        batch.Add(PostgreSqlLedgerStatements.Lock);
        await batch.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var waited = Stopwatch.StartNew();
        (await ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ShouldBeOfType<Admission.Unavailable>();
        await UntilAsync(async () => await ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None) is Admission.Admitted);

        waited.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Replicas_that_start_together_create_one_schema()
    {
        var databases = Enumerable.Range(0, 6).Select(_ => _harness.Open()).ToList();

        await Task.WhenAll(databases.Select(database => database.EnsureOpenAsync(CancellationToken.None).AsTask()));

        var names = await databases[0]
            .ReadAsync(
                async (connection, stop) =>
                {
                    await using var command = connection.CreateCommand();
                    command.CommandText = "select count(*) from migration";
                    return (long)(await command.ExecuteScalarAsync(stop))!;
                },
                CancellationToken.None
            );
        names.ShouldBe(Migration.For(StorageEngine.PostgreSql).Count);
        foreach (var database in databases)
            await database.DisposeAsync();
    }

    /// <summary>Each time after more answers.</summary>
    private async Task CutConnectionsAsync(ConcurrentDictionary<string, int> answers)
    {
        for (var round = 0; round < 6; round++)
        {
            var before = answers.Values.Sum();
            await Eventually.HoldsAsync(() => answers.Values.Sum() > before + 50);
            if (round % 3 == 2)
            {
                await _server.KillAsync();
                await _server.RunAsync();
            }
            else
            {
                await _server.ExecuteAsync(
                    "postgres",
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gateway'"
                );
            }
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            waited.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60), "the condition did not become true");
            await Task.Delay(20);
        }
    }
}
