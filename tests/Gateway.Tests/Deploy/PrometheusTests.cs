using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

/// <summary>
/// Every expression of the dashboard and the rules, evaluated by a Prometheus that scraped a real run.
/// </summary>
public sealed partial class PrometheusTests
{
    private const string Tenants = """
        { "organization": { "quota": { "usdPerMonth": 100 } },
          "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "imagesPerDay": 4, "usdPerMonth": 10 } } ] }
        """;

    [Fact]
    public async Task Every_expression_has_a_value_after_a_run_and_every_rule_is_evaluated()
    {
        Tools.Need("prometheus");
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], Tenants, TestContext.Current.CancellationToken);
        await using var simulator = await SimulatorProcess.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, simulator.Settings);
        await using var prometheus = await PrometheusServer.StartAsync(gateway.Address);
        await UseAsync(gateway);

        await Eventually.HoldsAsync(async () =>
            (await prometheus.QueryAsync("increase(gateway_charged_images_total[1m]) > 0")).AsArray().Count > 0
        );
        // A rate has a value from the second scrape on.
        var (tries, missing) = (300, new List<string>());
        await Eventually.HoldsAsync(async () => (missing = await WithoutValueAsync(prometheus)).Count == 0 || --tries == 0);
        missing.ShouldBeEmpty();

        var rules = await prometheus.RulesAsync();
        rules.Count.ShouldBe(Rules().Count);
        rules.Where(rule => PrometheusServer.Text(rule, "health") != "ok").ShouldBeEmpty();
        // The only thing that went wrong, and where its remedy is.
        var alert = rules
            .SelectMany(rule => rule["alerts"]!.AsArray())
            .Where(alert => PrometheusServer.Text(alert!, "state") == "firing")
            .ShouldHaveSingleItem()!;
        PrometheusServer.Text(alert["labels"]!, "alertname").ShouldBe("GatewayPriceImplausible");
        PrometheusServer
            .Text(alert["annotations"]!, "runbook_url")
            .ShouldBe("https://img.example.internal/docs/runbook#gatewaypriceimplausible");
    }

    private static async Task<List<string>> WithoutValueAsync(PrometheusServer prometheus)
    {
        var missing = new List<string>();
        foreach (var (title, expression) in Expressions().Where(one => one.Title != "Restart"))
        {
            if (await prometheus.QueryAsync(expression) is JsonArray { Count: 0 })
                missing.Add($"{title}: {expression}");
        }
        return missing;
    }

    [Fact]
    public async Task Every_alert_links_to_its_section_of_the_served_runbook()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var page = await (await gateway.GetAsync("/docs/runbook")).TextAsync();

        Rules().Count.ShouldBeGreaterThan(15);
        foreach (var rule in Rules())
        {
            var name = Scalar(rule, "alert");
            var url = Scalar((YamlMappingNode)rule.Children["annotations"], "runbook_url");
            url.ShouldBe("{{ $externalLabels.gateway }}/docs/runbook#" + name.ToLowerInvariant());
            page.ShouldContain($"id=\"{url.Split('#')[1]}\"");
        }
    }

    private static List<YamlMappingNode> Rules()
    {
        var file = (YamlMappingNode)DeployFilesTests.Documents("deploy/prometheus/alerts.yml")[0];
        var groups = ((YamlSequenceNode)file.Children["groups"]).Children.Cast<YamlMappingNode>();
        return [.. groups.SelectMany(group => ((YamlSequenceNode)group.Children["rules"]).Children).Cast<YamlMappingNode>()];
    }

    private static string Scalar(YamlMappingNode node, string name) => ((YamlScalarNode)node.Children[name]).Value!;

    /// <summary>As Grafana sends them, with a rate interval that fits a short run.</summary>
    private static IEnumerable<(string Title, string Expression)> Expressions()
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(Repository.Path("deploy/grafana/dashboard.json")))!;
        var panels = dashboard["panels"]!
            .AsArray()
            .SelectMany(panel => (panel!["targets"]?.AsArray() ?? []).Select(target => (panel, target)));
        var annotations = dashboard["annotations"]!["list"]!.AsArray().Where(annotation => annotation!["expr"] is not null);
        foreach (
            var (title, expression) in panels
                .Select(one => (PrometheusServer.Text(one.panel!, "title")!, PrometheusServer.Text(one.target!, "expr")!))
                .Concat(annotations.Select(one => (PrometheusServer.Text(one!, "name")!, PrometheusServer.Text(one!, "expr")!)))
        )
        {
            var sent = expression
                .Replace("$__rate_interval", "1m", StringComparison.Ordinal)
                .Replace("$tenant", ".*", StringComparison.Ordinal);
            Variable().IsMatch(sent).ShouldBeFalse(sent);
            yield return (title, sent);
        }
    }

    /// <summary>Two generations, one refused, one without a plausible cost, and one that exceeds a quota.</summary>
    private static async Task UseAsync(GatewayProcess gateway)
    {
        foreach (var prompt in (string[])["A cat", "A dog", "A cow [sim:refuse-validation]", "A hen [sim:missing-cost]"])
            await PostAsync(gateway, prompt, 1);
        await PostAsync(gateway, "Many", 8);
        await Eventually.HoldsAsync(async () =>
            (await gateway.Client.GetStringAsync("/v1/generations", TestContext.Current.CancellationToken)).Contains(
                "COMPLETE",
                StringComparison.Ordinal
            )
        );
    }

    private static async Task PostAsync(GatewayProcess gateway, string prompt, int quantity)
    {
        using var content = new StringContent(
            $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{prompt}}","width":256,"height":256,"quantity":{{quantity}} } }""",
            null,
            "application/json"
        );
        using var answer = await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex(@"\$[\w{]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();
}
