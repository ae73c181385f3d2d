using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

/// <summary>
/// The shipped files do not let callers share a tenant because something on the way gives them all one address, nor
/// because a proxy passes on what they say of themselves.
/// </summary>
public sealed partial class AddressRewritingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A published port gives every remote caller the address of Docker's network on many hosts.</summary>
    [Theory]
    [InlineData("docker-compose.yml", 1)]
    [InlineData("deploy/compose.replicas.yml", 2)]
    public void Compose_publishes_to_this_machine_only(string file, int services)
    {
        var published = DeployFilesTests
            .Documents(file)[0]
            .AllNodes.OfType<YamlMappingNode>()
            .Where(service => service.Children.ContainsKey("ports"))
            .Select(service => (YamlSequenceNode)service["ports"])
            .ToArray();

        published.Length.ShouldBe(services);
        published
            .SelectMany(ports => ports)
            .ShouldAllBe(port => ((YamlScalarNode)port).Value!.StartsWith("127.0.0.1:", StringComparison.Ordinal));
    }

    /// <summary>The browser of the machine that runs Docker comes with the address of the bridge.</summary>
    [Theory]
    [InlineData("172.17.0.1")]
    [InlineData("172.30.0.1")]
    [InlineData("192.168.65.1")]
    [InlineData("::ffff:172.18.0.1")]
    [InlineData("fd4d:6169:6c63:6f77::1")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task After_docker_compose_up_the_operators_own_browser_is_recognised(string address)
    {
        var (exit, output) = await GatewayProcess.RunAsync(
            _folder.Path,
            ["who", "--address", address, "--header", "Host: localhost:8080", "--tenants", Repository.Path("deploy/tenants.compose.json")]
        );

        exit.ShouldBe(0, output);
        output.ShouldContain("id: default\n");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    public async Task On_a_fresh_clone_loopback_is_the_development_tenant(string host)
    {
        await using var gateway = await GatewayProcess.StartAsync(_folder.Path, ("ASPNETCORE_ENVIRONMENT", "Development"));
        using var client = SecretScanningHandler.CreateClient();

        using var response = await client.GetAsync($"http://{host}:{gateway.Address.Port}/v1/usage", TestContext.Current.CancellationToken);

        (await response.OutcomeAsync()).ShouldBe("default by network", await response.TextAsync());
    }

    /// <summary>One list, in the words of each product.</summary>
    [Fact]
    public void Every_shipped_file_clears_the_same_headers()
    {
        var nginx = ClearedBy("deploy/nginx/nginx.conf");
        nginx.ShouldContain("X-Tenant-Id");
        nginx.Length.ShouldBeGreaterThan(10);
        ClearedBy("deploy/kubernetes/components/ingress/ingress.yml").ShouldBe(nginx);

        var haproxy = File.ReadAllLines(Repository.Path("deploy/haproxy/haproxy.cfg"))
            .Select(line => DeletedHeader().Match(line))
            .Where(match => match.Success)
            .Select(match =>
                match.Groups["regex"].Success
                    ? match.Groups["name"].Value
                    : $"^{Regex.Escape(match.Groups["name"].Value.ToLowerInvariant())}$"
            )
            .ToArray();
        foreach (var header in nginx)
            haproxy.ShouldContain(
                pattern => Regex.IsMatch(header.ToLowerInvariant(), pattern, RegexOptions.None, TimeSpan.FromSeconds(1)),
                header
            );

        var documented = File.ReadAllText(Repository.Path("docs/proxies.md"));
        foreach (var header in nginx)
            documented.ShouldContain($"`{header}`");
    }

    private static string[] ClearedBy(string file) =>
        [
            .. ClearedHeader()
                .Matches(File.ReadAllText(Repository.Path(file)))
                .Select(match => match.Groups["name"].Value)
                .Where(name => name != "Connection")
                .Order(StringComparer.Ordinal),
        ];

    [GeneratedRegex("proxy_set_header (?<name>[\\w-]+) \"\";", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ClearedHeader();

    [GeneratedRegex(
        @"^\s*http-request del-header (?<name>\S+)(?<regex> -m reg)?",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex DeletedHeader();
}
