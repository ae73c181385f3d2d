using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Telemetry.Alerts;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Gateway.Tests.Telemetry.AlertTests;

namespace Gateway.Tests.WebConsole;

/// <summary>
/// The overview in Chromium, which nobody touches, while this process provokes what operator-pages.mjs cannot. The
/// operator is in no team.
/// </summary>
public sealed class AlertsOnOverviewTests
{
    private static readonly string[] Provoked =
    [
        "GatewayStoreDown",
        "GatewayOutcomesDelayed",
        "GatewayLedgerAlarm",
        "GatewayUnknownOutcomes",
        "GatewayReadsFailing",
        "GatewayUpstreamSlow",
        "GatewaySaturated",
        "GatewayInternalErrors",
        "GatewayStoreSlow",
        "GatewayWatcherLate",
    ];

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, TimeSpan> _provoked = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TimeSpan> _shown = new(StringComparer.Ordinal);
    private Task _page = Task.CompletedTask;

    [Fact]
    public async Task What_goes_wrong_with_the_store_and_at_Leonardo_is_shown_within_ten_seconds()
    {
        Tools.NeedPostgreSql();
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], Tenants, TestContext.Current.CancellationToken);
        await using var server = await PostgreSqlServer.StartAsync();
        var database = await server.CreateDatabaseAsync();
        await using var admin = await AdminGateway.StartAsync(
            ("Leonardo:ConcurrentGenerations", "4"),
            ("Storage:ConnectionString", database),
            ("Storage:Engine", "PostgreSql"),
            ("Tenants:File", folder["tenants.json"])
        );
        // The store has a clock of its own, by which it says since when something has been so.
        admin.Gateway.Time.AdjustTime(TimeProvider.System.GetUtcNow());
        using var stopping = new CancellationTokenSource();
        _page = BrowserScript.RunAsync(
            "operator-alerts.mjs",
            line => _shown.TryAdd(line, _clock.Elapsed),
            stopping.Token,
            [admin.Gateway.Address.GetLeftPart(UriPartial.Authority), AdminGateway.Token, .. Provoked]
        );
        try
        {
            await IsShownAsync("ready");
            await ProvokeAsync(admin, server, new NpgsqlConnectionStringBuilder(database).Database!);
            await _page;
        }
        finally
        {
            // Otherwise Chromium waits for alerts that nobody provokes after a failed step.
            await stopping.CancelAsync();
            await Task.WhenAny(_page);
        }
        foreach (var alert in Provoked)
            (_shown[alert] - _provoked[alert]).ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromSeconds(10), alert);
    }

    private async Task ProvokeAsync(AdminGateway admin, PostgreSqlServer server, string database)
    {
        await LoseAnOutcomeAsync(admin);
        await AnswerSlowlyAsync(admin);
        await FillTheSlotsAsync(admin);
        await FailInsideAsync(admin);
        await CommitSlowlyAsync(admin);
        await ContradictAsync(admin);
        await StopTheStoreAsync(admin, server);
        await StopRecordingAsync(admin, server, database);
    }

    [Fact]
    public async Task Each_shipped_alert_is_provoked_in_front_of_the_overview()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var script = await File.ReadAllTextAsync(Repository.Path("tests", "browser", "operator-pages.mjs"), cancellationToken);
        await using var admin = await AdminGateway.StartAsync();

        var alerts = (await AlertsAsync(admin)).Select(alert => (string)alert["name"]!);

        // Nobody can ask a gateway that is down.
        alerts
            .Where(alert => !Provoked.Contains(alert, StringComparer.Ordinal) && !script.Contains($"{alert}: ()", StringComparison.Ordinal))
            .ShouldBe(["GatewayDown"]);
    }

    private async Task LoseAnOutcomeAsync(AdminGateway admin)
    {
        Begin("GatewayReadsFailing");
        admin.Gateway.Leonardo.Script("list", [.. Enumerable.Repeat("500", 500)]);
        await admin.UnknownAsync("b");
        Begin("GatewayUnknownOutcomes");
        await ChangeAsync(admin, "update reservation set forwarded_at = forwarded_at - 1860000000 where state = 'U'");
        await admin.Gateway.PassAsync(() => FiresAsync(admin, "GatewayReadsFailing"));
        await HoldsAsync(admin, "GatewayUnknownOutcomes", "GatewayReadsFailing");
    }

    private async Task AnswerSlowlyAsync(AdminGateway admin)
    {
        var sent = admin.Gateway.Leonardo.Stats.Posts;
        admin.Gateway.Leonardo.ScriptNext("slow:1", "slow:1", "slow:1");
        var answers = Enumerable.Range(0, 3).Select(_ => admin.GenerateAsync("b")).ToList();
        await Eventually.HoldsAsync(() => admin.Gateway.Leonardo.Stats.Posts == sent + 3);
        Begin("GatewayUpstreamSlow");
        admin.Gateway.Time.Advance(TimeSpan.FromSeconds(21));
        foreach (var answer in answers)
            (await answer).EnsureSuccessStatusCode();
        await HoldsAsync(admin, "GatewayUpstreamSlow");
    }

    private async Task FillTheSlotsAsync(AdminGateway admin)
    {
        Begin("GatewaySaturated");
        var answers = Enumerable.Range(0, 5).Select(_ => admin.GenerateAsync("b")).ToList();
        await Eventually.HoldsAsync(() => FiresAsync(admin, "GatewaySaturated"));
        Begin("GatewayWatcherLate");
        await ChangeAsync(admin, "update generation set created_at = created_at - 125000000, next_poll_at = 0 where status = 'PENDING'");
        await HoldsAsync(admin, "GatewaySaturated", "GatewayWatcherLate");
        await IsShownAsync("GatewaySaturated", "GatewayWatcherLate");
        await admin.Gateway.PassAsync(() => answers.TrueForAll(answer => answer.IsCompleted));
    }

    private async Task FailInsideAsync(AdminGateway admin)
    {
        // The last moment that .NET can express: when the tenant's minute ends cannot be computed.
        await ChangeAsync(admin, "update reservation set reserved_at = 253402300799999999 where tenant = 'b'");
        Begin("GatewayInternalErrors");
        await (await admin.Gateway.GetAsync("/v1/usage", ("Authorization", "Bearer b"))).ProblemAsync(500, "internal");
        await ChangeAsync(admin, "update reservation set reserved_at = forwarded_at where tenant = 'b'");
        await HoldsAsync(admin, "GatewayInternalErrors");
    }

    private async Task CommitSlowlyAsync(AdminGateway admin)
    {
        Begin("GatewayStoreSlow");
        await ChangeAsync(
            admin,
            """
            create function be_slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.1); return null; end $$;
            create trigger be_slow after insert or update on reservation for each statement execute function be_slow()
            """
        );
        for (var n = 0; n < 6; n++)
        {
            var answer = admin.GenerateAsync("b");
            await admin.Gateway.PassAsync(() => answer.IsCompleted);
        }
        await HoldsAsync(admin, "GatewayStoreSlow");
    }

    private async Task ContradictAsync(AdminGateway admin)
    {
        Begin("GatewayLedgerAlarm");
        await ChangeAsync(admin, "update counter set active = active + 1");
        await admin.Gateway.PassAsync(() => FiresAsync(admin, "GatewayLedgerAlarm"));
        await HoldsAsync(admin, "GatewayLedgerAlarm");
    }

    private async Task StopTheStoreAsync(AdminGateway admin, PostgreSqlServer server)
    {
        // While it is down, no other alert can be read.
        await IsShownAsync([.. _provoked.Keys]);
        Begin("GatewayStoreDown");
        await server.KillAsync();
        await HoldsAsync(admin, "GatewayStoreDown");
        await IsShownAsync("GatewayStoreDown");
        await server.RunAsync();
        await Eventually.HoldsAsync(async () => !await FiresAsync(admin, "GatewayStoreDown"));
    }

    /// <summary>The store still answers reads, as a standby does. Connections are cut, and the page may say that
    /// the store is down.</summary>
    private async Task StopRecordingAsync(AdminGateway admin, PostgreSqlServer server, string database)
    {
        var sent = admin.Gateway.Leonardo.Stats.Posts;
        admin.Gateway.Leonardo.ScriptNext("slow:1");
        var answer = admin.GenerateAsync("b");
        await Eventually.HoldsAsync(() => admin.Gateway.Leonardo.Stats.Posts == sent + 1);
        Begin("GatewayOutcomesDelayed");
        await BeReadOnlyAsync("set default_transaction_read_only = on");
        await HoldsAsync(admin, "GatewayOutcomesDelayed");
        await IsShownAsync("GatewayOutcomesDelayed");
        await BeReadOnlyAsync("reset default_transaction_read_only");
        await admin.Gateway.PassAsync(async () => answer.IsCompleted && !await FiresAsync(admin, "GatewayOutcomesDelayed"));
        (await answer).EnsureSuccessStatusCode();

        async Task BeReadOnlyAsync(string change)
        {
            await server.ExecuteAsync("postgres", $"alter database {database} {change}");
            await server.ExecuteAsync(
                "postgres",
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + database + "'"
            );
        }
    }

    /// <summary>Before what provokes it: waiting for the gateway to notice is part of the ten seconds.</summary>
    private void Begin(string alert) => _provoked[alert] = _clock.Elapsed;

    private static async Task HoldsAsync(AdminGateway admin, params string[] alerts)
    {
        foreach (var alert in alerts)
            await Eventually.HoldsAsync(() => FiresAsync(admin, alert));
    }

    /// <summary>As the page learns it, without the limit of its requests.</summary>
    private static async Task<bool> FiresAsync(AdminGateway admin, string alert)
    {
        var answer = await admin.Gateway.Services.GetRequiredService<AlertsEndpoint>().GetAsync(TestContext.Current.CancellationToken);
        return ((JsonHttpResult<AdminAlerts>)answer).Value!.Alerts.Any(each => each.Name == alert && each.State == AdminAlert.Firing);
    }

    private async Task IsShownAsync(params string[] lines)
    {
        await Eventually.HoldsAsync(() => _page.IsCompleted || lines.All(_shown.ContainsKey));
        if (_page.IsFaulted)
            await _page;
    }

    private const string Tenants = """
        { "tenants": [ { "id": "b", "identify": { "tokens": ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"] } } ] }
        """;
}
