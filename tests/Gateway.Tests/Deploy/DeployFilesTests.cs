using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using Gateway.Tests.Telemetry;
using Gateway.Tests.Tenants;
using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

/// <summary>The files of deploy/, by parsers and the real tools; without a cluster or a container.</summary>
public sealed partial class DeployFilesTests
{
    private static readonly string[] Documented = ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboard.json"];

    [Fact]
    public async Task Every_metric_of_the_dashboard_and_the_alerts_is_reported_by_the_running_gateway()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var names = (await Scrape.OfAsync(gateway)).Names;

        foreach (var file in Documented)
        {
            var used = Metric()
                .Matches(await File.ReadAllTextAsync(Repository.Path(file), TestContext.Current.CancellationToken))
                .Select(match => match.Value)
                .Where(name => !name.Contains("gateway_gateway", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal)
                .ToArray();
            used.Length.ShouldBeGreaterThan(10, file);
            used.Except(names).ShouldBeEmpty(file);
        }
    }

    [Fact]
    public async Task Promtool_accepts_the_rules_and_their_own_tests_hold()
    {
        Tools.Need("promtool");
        var (exit, output) = await RunAsync("promtool", "check", "rules", Repository.Path("deploy/prometheus/alerts.yml"));

        exit.ShouldBe(0, output);

        var (tested, result) = await RunAsync("promtool", "test", "rules", Repository.Path("deploy/prometheus/alerts.test.yml"));
        tested.ShouldBe(0, result);
    }

    [Fact]
    public async Task The_runbook_has_a_section_for_every_alert_and_for_no_other()
    {
        var rules = await File.ReadAllTextAsync(Repository.Path("deploy/prometheus/alerts.yml"), TestContext.Current.CancellationToken);
        var runbook = await File.ReadAllTextAsync(Repository.Path("docs/runbook.md"), TestContext.Current.CancellationToken);

        AlertName()
            .Matches(rules)
            .Select(match => match.Groups["name"].Value)
            .Order(StringComparer.Ordinal)
            .ShouldBe(RunbookSection().Matches(runbook).Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_dashboard_has_a_query_in_every_panel()
    {
        var dashboard = JsonNode.Parse(
            await File.ReadAllTextAsync(Repository.Path("deploy/grafana/dashboard.json"), TestContext.Current.CancellationToken)
        )!;

        var panels = dashboard["panels"]!.AsArray();
        panels.Select(panel => panel!["id"]!.GetValue<int>()).Distinct().Count().ShouldBe(panels.Count);
        foreach (var panel in panels.Where(panel => panel!["type"]!.GetValue<string>() != "row"))
            panel!["targets"]!.AsArray().ShouldNotBeEmpty(panel["title"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("docker-compose.yml")]
    [InlineData("deploy/compose.replicas.yml")]
    [InlineData("deploy/compose.monitoring.yml")]
    [InlineData("deploy/compose.replicas.yml", "deploy/compose.monitoring.yml")]
    [InlineData("docker-compose.yml", "deploy/compose.monitoring.yml")]
    public async Task Compose_accepts_its_files(params string[] files)
    {
        Tools.Need("docker-compose");
        var (exit, output) = await RunAsync(
            "docker-compose",
            [.. files.SelectMany(file => (string[])["-f", Repository.Path(file)]), "config", "-q"]
        );

        exit.ShouldBe(0, output);
    }

    [Fact]
    public void The_example_environment_has_every_variable_of_the_compose_files_and_no_other()
    {
        string[] files = ["docker-compose.yml", "deploy/compose.replicas.yml", "deploy/compose.monitoring.yml"];
        var used = files
            .SelectMany(file => ComposeVariable().Matches(File.ReadAllText(Repository.Path(file))))
            .Select(match => match.Groups["name"].Value);
        var listed = File.ReadAllLines(Repository.Path(".env.example"))
            .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith("# ", StringComparison.Ordinal))
            .Select(line => line.TrimStart('#').Split('=')[0]);

        listed.Order(StringComparer.Ordinal).ShouldBe(used.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_compose_files_give_the_gateway_time_to_finish_and_no_disk_to_write()
    {
        Text(Documents("deploy/compose.replicas.yml")[0], "services.gateway.stop_grace_period").ShouldBe("60s");
        Text(Documents("docker-compose.yml")[0], "services.gateway.read_only").ShouldBe("true");
        Text(Documents("docker-compose.yml")[0], "services.gateway.restart").ShouldBe("unless-stopped");
    }

    /// <summary>T-F6.</summary>
    [Fact]
    public void The_image_runs_unprivileged_without_a_diagnostic_port()
    {
        var lines = File.ReadAllText(Repository.Path("Dockerfile"));

        lines.ShouldContain("DOTNET_EnableDiagnostics=0");
        lines.ShouldContain("\nUSER 64198:64198\n");
    }

    internal static async Task<(int Exit, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }

    /// <param name="file">Absolute, or relative to the root of the repository.</param>
    internal static IReadOnlyList<YamlNode> Documents(string file)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Repository.Path(file));
        yaml.Load(reader);
        return [.. yaml.Documents.Select(document => document.RootNode)];
    }

    /// <summary>
    /// The scalar at a path of names and indexes, where a backslash stands before a dot in a name; null where there is
    /// none.
    /// </summary>
    internal static string? Text(YamlNode node, string path)
    {
        var at = node;
        foreach (var part in Separator().Split(path).Select(part => part.Replace("\\.", ".", StringComparison.Ordinal)))
        {
            if (
                at is YamlSequenceNode list
                && int.Parse(part, System.Globalization.CultureInfo.InvariantCulture) is var index
                && index < list.Children.Count
            )
                at = list.Children[index];
            else if (at is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(part), out var next))
                at = next;
            else
                return null;
        }
        return (at as YamlScalarNode)?.Value;
    }

    [GeneratedRegex(@"(?<!\\)\.", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Separator();

    [GeneratedRegex(@"\b(?:gateway|process|dotnet)_[a-z_]+\b", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Metric();

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ComposeVariable();

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AlertName();

    [GeneratedRegex(
        @"^## (?<name>Gateway\w+)$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex RunbookSection();
}
