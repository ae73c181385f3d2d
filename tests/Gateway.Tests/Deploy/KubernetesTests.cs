using System.Globalization;
using Gateway.Tests.Harness;
using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

/// <summary>The manifests as <c>kubectl kustomize</c> renders them; without a cluster.</summary>
public sealed class KubernetesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_overlay_keeps_the_schemas_of_Kubernetes_and_of_the_Prometheus_operator()
    {
        var overlays = Directory
            .GetDirectories(Repository.Path("deploy/kubernetes/overlays"))
            .Select(folder => Path.GetFileName(folder))
            .ToList();
        overlays.ShouldBe(["single", "replicas", "ingress", "monitoring"], ignoreOrder: true);

        await NodeScript.RunAsync("manifests", "manifests.mjs", [.. await Task.WhenAll(overlays.Select(RenderAsync))]);
    }

    [Fact]
    public async Task The_pods_are_probed_unprivileged_and_cannot_write()
    {
        var all = DeployFilesTests.Documents(await RenderAsync("monitoring"));
        all.Select(one => Text(one, "kind"))
            .ShouldBe(
                ["Service", "Service", "Deployment", "PodDisruptionBudget", "Ingress", "NetworkPolicy", "PrometheusRule", "ServiceMonitor"],
                ignoreOrder: true
            );
        foreach (var one in all)
            Text(one, "metadata.namespace").ShouldBe("leonardo-gateway");
        var deployment = Of(all, "Deployment");
        Text(deployment, "spec.replicas").ShouldBe("3");
        Text(deployment, "spec.strategy.rollingUpdate.maxUnavailable").ShouldBe("0");
        ShouldBeConfined(deployment);
        Text(Of(all, "PodDisruptionBudget"), "spec.minAvailable").ShouldBe("2");
        var policy = Of(all, "NetworkPolicy");
        Text(policy, "spec.policyTypes.1").ShouldBe("Egress");
        // Nobody can speak for the ingress controller, which is trusted; operators' routes are for monitoring alone.
        const string Namespace = ".from.0.namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name";
        Text(policy, "spec.ingress.0" + Namespace).ShouldBe("ingress-nginx");
        Text(policy, "spec.ingress.0.ports.0.port").ShouldBe("8080");
        Text(policy, "spec.ingress.1" + Namespace).ShouldBe("monitoring");
        Text(policy, "spec.ingress.1.ports.0.port").ShouldBe("9090");
        Text(policy, "spec.ingress.2.ports.0.port").ShouldBeNull();
        Text(policy, "spec.egress.2.ports.0.port").ShouldBe("5432");
        // What is scraped is the management Service, under the name that the alerts use.
        Text(Of(all, "ServiceMonitor"), "spec.selector.matchLabels.port").ShouldBe("management");
        Text(all.Single(one => Text(one, "metadata.name") == "gateway-management"), "metadata.labels.app").ShouldBe("leonardo-gateway");
        // Secrets are files, never environment variables.
        (await File.ReadAllTextAsync(_folder["monitoring.yml"], TestContext.Current.CancellationToken)).ShouldNotContain("secretKeyRef");
    }

    [Fact]
    public async Task A_single_gateway_keeps_its_file_on_a_volume_and_never_runs_twice()
    {
        var all = DeployFilesTests.Documents(await RenderAsync("single"));
        var deployment = Of(all, "Deployment");

        Text(deployment, "spec.replicas").ShouldBe("1");
        Text(deployment, "spec.strategy.type").ShouldBe("Recreate");
        ShouldBeConfined(deployment);
        Of(all, "PersistentVolumeClaim").ShouldNotBeNull();
        var file = await File.ReadAllTextAsync(_folder["single.yml"], TestContext.Current.CancellationToken);
        file.ShouldContain("mountPath: /data");
        file.ShouldContain("value: Data Source=/data/gateway.db");
        file.ShouldNotContain("PostgreSql");
    }

    [Fact]
    public void The_operators_rules_are_those_of_Prometheus()
    {
        var shipped = (YamlMappingNode)DeployFilesTests.Documents("deploy/prometheus/alerts.yml")[0];
        var resource = (YamlMappingNode)DeployFilesTests.Documents("deploy/kubernetes/components/monitoring/rules.yml")[0];

        ((YamlMappingNode)resource.Children["spec"]).Children["groups"].ShouldBe(shipped.Children["groups"]);
    }

    [Theory]
    [InlineData(
        "readOnlyRootFilesystem: true",
        "readOnlyRootFileSystem: true",
        "containers/0/securityContext/readOnlyRootFileSystem is not in"
    )]
    [InlineData("runAsNonRoot: true", "runAsNonRoot: \"true\"", "securityContext/runAsNonRoot must be boolean")]
    [InlineData("  jobLabel:", "  jobLabels:", "/spec/jobLabels is not in the schema")]
    public async Task A_manifest_with_a_mistake_is_found_by_the_schemas(string right, string wrong, string error)
    {
        // Before the exception is recorded: a skipped test is one too.
        NodeScript.Need("manifests");
        var file = await RenderAsync("monitoring");
        var manifest = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        manifest.ShouldContain(right);
        await File.WriteAllTextAsync(file, manifest.Replace(right, wrong, StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var refused = await Record.ExceptionAsync(() => NodeScript.RunAsync("manifests", "manifests.mjs", file));

        refused.ShouldNotBeNull().Message.ShouldContain(error);
    }

    private static void ShouldBeConfined(YamlNode deployment)
    {
        const string Pod = "spec.template.spec.";
        Text(deployment, Pod + "securityContext.runAsNonRoot").ShouldBe("true");
        Text(deployment, Pod + "automountServiceAccountToken").ShouldBe("false");
        // The preStop pause, and the longest that requests under way may take by default.
        int.Parse(Text(deployment, Pod + "terminationGracePeriodSeconds")!, CultureInfo.InvariantCulture)
            .ShouldBeGreaterThanOrEqualTo(10 + 30 + 10 + 5);
        const string Container = Pod + "containers.0.";
        Text(deployment, Container + "securityContext.readOnlyRootFilesystem").ShouldBe("true");
        Text(deployment, Container + "securityContext.allowPrivilegeEscalation").ShouldBe("false");
        Text(deployment, Container + "securityContext.capabilities.drop.0").ShouldBe("ALL");
        Text(deployment, Container + "livenessProbe.httpGet.path").ShouldBe("/health/live");
        Text(deployment, Container + "readinessProbe.httpGet.path").ShouldBe("/health/ready");
        Text(deployment, Container + "resources.limits.memory").ShouldNotBeNull();
        foreach (var part in (string[])["spec.selector.matchLabels", "spec.template.metadata.labels"])
            Text(deployment, part + ".app").ShouldBe("leonardo-gateway");
    }

    private static YamlNode Of(IReadOnlyList<YamlNode> all, string kind) => all.Single(one => Text(one, "kind") == kind);

    private static string? Text(YamlNode node, string path) => DeployFilesTests.Text(node, path);

    /// <returns>The file with the rendered manifests.</returns>
    private async Task<string> RenderAsync(string overlay)
    {
        Tools.Need("kubectl");
        var file = _folder[overlay + ".yml"];
        await Shell.RunAsync($"kubectl kustomize overlays/{overlay} > {file}", Repository.Path("deploy/kubernetes"));
        return file;
    }
}
