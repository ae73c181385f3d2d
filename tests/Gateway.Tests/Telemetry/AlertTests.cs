using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Storage;
using Gateway.Telemetry.Alerts;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Telemetry;

/// <summary><c>GET /admin/alerts</c>: the shipped rules, as the gateway checks them itself.</summary>
public sealed partial class AlertTests
{
    [Fact]
    public async Task Every_shipped_rule_is_listed_with_its_severity_and_its_remedy_and_none_fires_in_a_quiet_gateway()
    {
        await using var admin = await AdminGateway.StartAsync();
        var rules = await File.ReadAllTextAsync(
            Repository.Path("deploy", "prometheus", "alerts.yml"),
            TestContext.Current.CancellationToken
        );

        var alerts = await AlertsAsync(admin);

        alerts
            .Select(alert => $"{alert["name"]} {alert["severity"]}")
            .ShouldBe(Rule.Matches(rules).Select(rule => $"{rule.Groups["name"].Value} {rule.Groups["severity"].Value}"));
        alerts.Where(alert => (string?)alert["remedy"] is not { Length: > 20 }).ShouldBeEmpty();
        alerts.Where(alert => (string?)alert["remedy"] is { } text && text.Contains('`', StringComparison.Ordinal)).ShouldBeEmpty();
        Named(alerts, "firing").ShouldBeEmpty();
        Named(alerts, "prometheus").ShouldBe(["GatewayDown"]);
    }

    [Fact]
    public async Task What_was_counted_fires_for_as_long_as_the_rule_looks_back()
    {
        await using var admin = await AdminGateway.StartAsync();
        var recent = admin.Gateway.Services.GetRequiredService<RecentCounts>();
        foreach (
            var (what, times) in new[]
            {
                (RecentEvent.InternalError, 1),
                (RecentEvent.CommitSlow, 10),
                (RecentEvent.UpstreamCallFailure, 3),
            }
        )
        {
            for (var n = 0; n < times; n++)
                recent.Add(what);
        }
        for (var n = 0; n < 40; n++)
        {
            recent.Add(RecentEvent.Commit);
            if (n < 3)
                recent.CountCall("refused");
            recent.CountRequest("accepted", TimeSpan.FromSeconds(n < 3 ? 21 : 1));
        }

        var firing = await AlertsAsync(admin);

        Named(firing, "firing").ShouldBe(["GatewayReadsFailing", "GatewayUpstreamSlow", "GatewayInternalErrors", "GatewayStoreSlow"]);
        ((string?)firing.First(alert => (string?)alert["name"] == "GatewayUpstreamSlow")["summary"]).ShouldBe(
            "7.5 % (3 of 40) of the requests to Leonardo in ten minutes took more than 20 s"
        );
        admin.Gateway.Time.Advance(TimeSpan.FromMinutes(6));
        Named(await AlertsAsync(admin), "firing").ShouldBe(["GatewayUpstreamSlow", "GatewayInternalErrors"]);
        admin.Gateway.Time.Advance(TimeSpan.FromMinutes(5));
        Named(await AlertsAsync(admin), "firing").ShouldBeEmpty();
    }

    [Fact]
    public async Task An_outcome_that_stays_unknown_fires_after_half_an_hour()
    {
        await using var admin = await AdminGateway.StartAsync();
        admin.Gateway.Leonardo.Script("list", [.. Enumerable.Repeat("500", 500)]);
        await admin.UnknownAsync();
        Named(await AlertsAsync(admin), "firing").ShouldNotContain("GatewayUnknownOutcomes");

        admin.Gateway.Time.Advance(TimeSpan.FromMinutes(31));

        Named(await AlertsAsync(admin), "firing").ShouldContain("GatewayUnknownOutcomes");
    }

    [Fact]
    public async Task Slots_that_are_all_in_use_while_a_request_waits_fire()
    {
        await using var admin = await AdminGateway.StartAsync(("Leonardo:ConcurrentGenerations", "1"));
        (await admin.GenerateAsync()).EnsureSuccessStatusCode();
        var waiting = admin.GenerateAsync();

        await FiresAsync(admin, "GatewaySaturated");

        await admin.Gateway.PassAsync(() => waiting.IsCompleted);
        (await waiting).EnsureSuccessStatusCode();
        Named(await AlertsAsync(admin), "firing").ShouldNotContain("GatewaySaturated");
    }

    [Fact]
    public async Task A_status_that_should_have_been_polled_two_minutes_ago_fires()
    {
        await using var admin = await AdminGateway.StartAsync();
        (await admin.GenerateAsync()).EnsureSuccessStatusCode();
        Named(await AlertsAsync(admin), "firing").ShouldBeEmpty();

        await ChangeAsync(admin, "update generation set created_at = created_at - 125000000, next_poll_at = 0");

        Named(await AlertsAsync(admin), "firing").ShouldBe(["GatewayWatcherLate"]);
    }

    [Fact]
    public async Task A_contradiction_in_the_ledger_fires_with_the_next_audit()
    {
        await using var admin = await AdminGateway.StartAsync();
        (await admin.GenerateAsync()).EnsureSuccessStatusCode();

        await ChangeAsync(admin, "update counter set active = active + 1");

        await admin.Gateway.PassAsync(async () => Named(await AlertsAsync(admin), "firing").Contains("GatewayLedgerAlarm"));
    }

    [Fact]
    public async Task The_usage_of_one_tenant_is_read_alone()
    {
        await using var admin = await AdminGateway.StartAsync();
        await admin.GenerateAsync();
        await admin.GenerateAsync("b");

        var rows = (await admin.JsonAsync("/admin/usage?tenant=a"))["rows"]!.AsArray();

        rows.ShouldHaveSingleItem()!["tenant"]!.GetValue<string>().ShouldBe("a");
        await (await admin.GetAsync("/admin/usage?tenant=a&by=day")).ProblemAsync(400, "validation");
        await (await admin.GetAsync("/admin/usage?tenant=%00")).ProblemAsync(400, "validation");
    }

    internal static async Task<List<JsonNode>> AlertsAsync(AdminGateway admin) =>
        [.. (await admin.JsonAsync("/admin/alerts"))["alerts"]!.AsArray().Select(alert => alert!)];

    private static Task FiresAsync(AdminGateway admin, string alert) =>
        Eventually.HoldsAsync(async () => Named(await AlertsAsync(admin), "firing").Contains(alert));

    internal static Task<int> ChangeAsync(AdminGateway admin, string sql) =>
        admin.Gateway.Services.GetRequiredService<Database>().ExecuteAsync(sql);

    private static IEnumerable<string?> Named(IEnumerable<JsonNode> alerts, string state) =>
        alerts.Where(alert => (string?)alert["state"] == state).Select(alert => (string?)alert["name"]);

    [GeneratedRegex(
        @"- alert: (?<name>\w+)\n(?:(?!- alert).*\n)*?\s+labels: \{ severity: (?<severity>\w+) \}",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Rule { get; }
}
