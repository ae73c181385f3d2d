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
        foreach (var panel in panels)
            panel!["targets"]!.AsArray().ShouldNotBeEmpty(panel["title"]!.GetValue<string>());
    }

    [Fact]
    public void The_pods_are_probed_unprivileged_and_cannot_write()
    {
        var all = Documents("deploy/kubernetes/gateway.yml");
        all.Select(one => Text(one, "kind")).ShouldBe(["Deployment", "Service", "Ingress", "PodDisruptionBudget", "NetworkPolicy"]);
        var deployment = all[0];
        Text(deployment, "spec.replicas").ShouldBe("3");
        Text(deployment, "spec.strategy.rollingUpdate.maxUnavailable").ShouldBe("0");
        const string Pod = "spec.template.spec.";
        Text(deployment, Pod + "securityContext.runAsNonRoot").ShouldBe("true");
        Text(deployment, Pod + "automountServiceAccountToken").ShouldBe("false");
        // The preStop pause, and the longest that requests under way may take by default.
        int.Parse(Text(deployment, Pod + "terminationGracePeriodSeconds")!, System.Globalization.CultureInfo.InvariantCulture)
            .ShouldBeGreaterThanOrEqualTo(10 + 30 + 10 + 5);
        const string Container = Pod + "containers.0.";
        Text(deployment, Container + "securityContext.readOnlyRootFilesystem").ShouldBe("true");
        Text(deployment, Container + "securityContext.allowPrivilegeEscalation").ShouldBe("false");
        Text(deployment, Container + "securityContext.capabilities.drop.0").ShouldBe("ALL");
        Text(deployment, Container + "livenessProbe.httpGet.path").ShouldBe("/health/live");
        Text(deployment, Container + "readinessProbe.httpGet.path").ShouldBe("/health/ready");
        Text(deployment, Container + "resources.limits.memory").ShouldNotBeNull();
        Text(all[3], "spec.minAvailable").ShouldBe("2");
        Text(all[4], "spec.policyTypes.1").ShouldBe("Egress");
        // Nobody can speak for the ingress controller, which is trusted.
        Text(all[4], "spec.ingress.0.ports.0.port").ShouldBe("8080");
        Text(all[4], "spec.ingress.0.from.0.namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name").ShouldBe("ingress-nginx");
        // Secrets are files, never environment variables.
        File.ReadAllText(Repository.Path("deploy/kubernetes/gateway.yml")).ShouldNotContain("secretKeyRef");
        foreach (var part in (string[])["spec.selector.matchLabels", "spec.template.metadata.labels"])
            Text(deployment, part + ".app").ShouldBe("leonardo-gateway");
    }

    [Fact]
    public Task The_manifests_keep_the_schemas_of_the_Kubernetes_API() =>
        NodeScript.RunAsync("manifests", "manifests.mjs", Repository.Path("deploy/kubernetes/gateway.yml"));

    [Theory]
    [InlineData(
        "readOnlyRootFilesystem: true",
        "readOnlyRootFileSystem: true",
        "containers/0/securityContext/readOnlyRootFileSystem is not in"
    )]
    [InlineData("runAsNonRoot: true", "runAsNonRoot: \"true\"", "securityContext/runAsNonRoot must be boolean")]
    [InlineData("  strategy:", "  replica: 2\n  strategy:", "/spec/replica is not in the schema")]
    public async Task A_manifest_with_a_mistake_is_found_by_the_schemas(string right, string wrong, string error)
    {
        // Before the exception is recorded: a skipped test is one too.
        NodeScript.Need("manifests");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "gateway.yml");
        var manifest = await File.ReadAllTextAsync(Repository.Path("deploy/kubernetes/gateway.yml"), TestContext.Current.CancellationToken);
        manifest.ShouldContain(right);
        await File.WriteAllTextAsync(file, manifest.Replace(right, wrong, StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var refused = await Record.ExceptionAsync(() => NodeScript.RunAsync("manifests", "manifests.mjs", file));

        refused.ShouldNotBeNull().Message.ShouldContain(error);
    }

    [Theory]
    [InlineData("docker-compose.yml")]
    [InlineData("deploy/compose.replicas.yml")]
    public async Task Compose_accepts_its_files(string file)
    {
        Tools.Need("docker-compose");
        var (exit, output) = await RunAsync("docker-compose", "-f", Repository.Path(file), "config", "-q");

        exit.ShouldBe(0, output);
    }

    [Fact]
    public void The_compose_files_give_the_gateway_time_to_finish_and_no_disk_to_write()
    {
        Text(Documents("deploy/compose.replicas.yml")[0], "services.gateway.stop_grace_period").ShouldBe("60s");
        Text(Documents("docker-compose.yml")[0], "services.gateway.read_only").ShouldBe("true");
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
    private static string? Text(YamlNode node, string path)
    {
        var at = node;
        foreach (var part in Separator().Split(path).Select(part => part.Replace("\\.", ".", StringComparison.Ordinal)))
        {
            if (at is YamlSequenceNode list)
                at = list.Children[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)];
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

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AlertName();

    [GeneratedRegex(
        @"^## (?<name>Gateway\w+)$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex RunbookSection();
}
