using Gateway.Cli;
using Gateway.Tests.Harness;

namespace Gateway.Tests;

/// <summary>The program, started as an operator starts it.</summary>
public sealed class StartupTests
{
    private static readonly string[] NoArguments = [];

    [Fact]
    public async Task In_production_it_refuses_to_start_without_a_key_and_says_what_to_set()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await WriteTenantsAsync(folder);
        var (code, output) = await GatewayProcess.RunAsync(folder, NoArguments);
        code.ShouldNotBe(0);
        output.ShouldContain("Leonardo:ApiKey: is missing");
        output.ShouldContain("Leonardo:Simulator=true");
        output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task Every_error_of_the_configuration_is_reported_at_once()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            """{ "tenants": [ { "id": "Big Team" }, { "id": "b", "quota": { "imagesPerDay": -1 } } ] }""",
            TestContext.Current.CancellationToken
        );
        var (code, output) = await GatewayProcess.RunAsync(
            folder,
            NoArguments,
            ("Leonardo__ApiKey", "canary-key-canary"),
            ("Leonardo__Simulator", "true"),
            ("Leonardo__BaseUrl", "http://example.com/api"),
            ("Leonardo__Timeout", "soon"),
            ("Leonardo__ConcurrentGenerations", "0"),
            ("Leonardo__QueueTimeout", "5"),
            ("Storage__Engine", "Oracle"),
            ("OpenApi__Ui", "maybe"),
            ("Logging__Level", "Loud"),
            ("Identification__TrustedProxies__0", "10.0.0.0/40"),
            ("Identification__TrustedProxies__1", "10.0.0.1/8"),
            ("Identification__Hosts", "a b"),
            ("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true")
        );
        code.ShouldBe(1);
        var tenants = $"Tenants:File: {Path.Combine(folder, "tenants.json")} ";
        string[] faults =
        [
            "Leonardo:Simulator: ",
            "Leonardo:BaseUrl: ",
            "Leonardo:Timeout: ",
            "Leonardo:ConcurrentGenerations: ",
            "Leonardo:QueueTimeout: ",
            "Storage:Engine: ",
            "OpenApi:Ui: ",
            "Logging:Level: ",
            "Identification:TrustedProxies: 10.0.0.0/40",
            "Identification:TrustedProxies: 10.0.0.1/8",
            "Identification:Hosts: ",
            "ASPNETCORE_FORWARDEDHEADERS_ENABLED: ",
            tenants + "#/tenants/0/id: must be",
            tenants + "#/tenants/1/quota/imagesPerDay: must be",
        ];
        var lines = output.Split('\n').Where(line => line.StartsWith("- ", StringComparison.Ordinal)).ToArray();
        lines.Length.ShouldBe(faults.Length, output);
        foreach (var fault in faults)
            lines.ShouldContain(line => line.StartsWith("- " + fault, StringComparison.Ordinal), output);
        output.ShouldNotContain("   at Gateway", Case.Sensitive, "no stack trace");
        output.ShouldNotContain("canary-key-canary");
    }

    [Fact]
    public async Task A_fresh_clone_prints_what_it_runs_with()
    {
        Tools.Need("curl");
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await using var gateway = await GatewayProcess.StartAsync(folder, ("ASPNETCORE_ENVIRONMENT", "Development"));
        await Eventually.HoldsAsync(() => gateway.Output.Contains("Try: curl", StringComparison.Ordinal));
        gateway.Output.ShouldContain("the bundled simulator");
        gateway.Output.ShouldContain("SQLite");
        gateway.Output.ShouldContain("default = callers on this machine");
        gateway.Output.ShouldContain($"/swagger");

        // The command that it prints works.
        var line = gateway.Output.Split('\n').Single(text => text.Contains("Try: curl", StringComparison.Ordinal));
        var command = line[line.IndexOf("curl", StringComparison.Ordinal)..].Split(" {\"SourceContext\"")[0];
        (await Shell.RunAsync(command.Replace("curl ", "curl -s ", StringComparison.Ordinal), folder)).ShouldContain("generationId");
    }

    [Fact]
    public async Task A_new_token_identifies_its_tenant_when_the_file_has_its_digest()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        var (code, output) = await GatewayProcess.RunAsync(folder, ["new-token"]);
        code.ShouldBe(0);
        var words = output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var token = words.Single(word => word.StartsWith("lgw_", StringComparison.Ordinal));
        var digest = words.Single(word => word.StartsWith("sha256:", StringComparison.Ordinal));

        await File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            GatewayApp.Tenants($$"""{ "id": "far", "identify": { "tokens": ["{{digest}}"] } }"""),
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(folder, ("Leonardo__Simulator", "true"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/usage");
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        (await answer.JsonAsync())["tenant"]!["identifiedBy"]!.GetValue<string>().ShouldBe("token");
    }

    [Fact]
    public async Task One_wide_event_describes_a_request_without_its_prompt()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await WriteTenantsAsync(folder);
        await using var gateway = await GatewayProcess.StartAsync(folder, ("Leonardo__Simulator", "true"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/generations")
        {
            Content = new StringContent(GatewayApp.Guide, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add("X-Request-Id", "wide-4711");
        await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => gateway.Output.Contains("wide-4711", StringComparison.Ordinal));

        var line = gateway.Output.Split('\n').Single(text => text.Contains("wide-4711", StringComparison.Ordinal));
        var happened = System.Text.Json.Nodes.JsonNode.Parse(line)!;
        happened["Tenant"]!.GetValue<string>().ShouldBe("team");
        happened["IdentifiedBy"]!.GetValue<string>().ShouldBe("network");
        happened["Outcome"]!.GetValue<string>().ShouldBe("settled");
        happened["PriceMicros"]!.GetValue<long>().ShouldBe(83_700);
        happened["CostMicros"]!.GetValue<long>().ShouldBe(83_700);
        happened["StatusCode"]!.GetValue<int>().ShouldBe(200);
        happened["Route"]!.GetValue<string>().ShouldBe("/v2/generations");
        happened["UpstreamMilliseconds"]!.GetValue<double>().ShouldBeGreaterThan(0);
        happened["UpstreamStatus"]!.GetValue<int>().ShouldBe(200);
        line.ShouldNotContain("cat", Case.Insensitive);
    }

    [Theory]
    [InlineData("ASPNETCORE_HTTP_PORTS", "abc", "ASPNETCORE_HTTP_PORTS")]
    [InlineData("ASPNETCORE_HTTP_PORTS", "70000", "ASPNETCORE_HTTP_PORTS")]
    [InlineData("ASPNETCORE_URLS", "hello", "hello")]
    [InlineData("ASPNETCORE_URLS", "https://127.0.0.1:0", "certificate")]
    public async Task An_address_it_cannot_listen_on_is_reported_without_a_stack_trace(string name, string value, string named)
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await WriteTenantsAsync(folder);
        var (code, output) = await GatewayProcess.RunAsync(folder, NoArguments, ("Leonardo__Simulator", "true"), (name, value));
        code.ShouldBe(1);
        output.Split('\n').Last(line => line.StartsWith("- ", StringComparison.Ordinal)).ShouldContain(named);
        output.ShouldNotContain("Unhandled exception");
    }

    [Fact]
    public async Task Only_a_misspelt_setting_is_reported()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await WriteTenantsAsync(folder);
        await using var gateway = await GatewayProcess.StartAsync(
            folder,
            ("Leonardo__Simulator", "true"),
            ("Leonardo__Timout", "00:00:05"),
            ("identification__hosts__0", "gateway.example.com"),
            ("Logging__LogLevel__Default", "Warning")
        );
        await Eventually.HoldsAsync(() => gateway.Output.Contains("Try: curl", StringComparison.Ordinal));

        gateway
            .Output.Split('\n')
            .Where(line => line.Contains("does nothing", StringComparison.Ordinal))
            .ShouldHaveSingleItem()
            .ShouldContain("Leonardo:Timout is set");
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:8080", "ASPNETCORE_HTTP_PORTS=8080")]
    [InlineData("http://127.0.0.1:9000", "ASPNETCORE_HTTP_PORTS=9000;9001")]
    [InlineData("http://127.0.0.1:9090", "ASPNETCORE_HTTP_PORTS=8080", "Management__Port=9090")]
    [InlineData("https://127.0.0.1:8443", "ASPNETCORE_HTTP_PORTS=8080", "ASPNETCORE_URLS=https://+:8443")]
    [InlineData("https://127.0.0.1:8443", "ASPNETCORE_HTTPS_PORTS=8443")]
    [InlineData("http://127.0.0.1:80", "ASPNETCORE_URLS=http://*")]
    [InlineData("http://10.0.0.7:8080", "ASPNETCORE_URLS=http://10.0.0.7:8080;http://localhost:8081")]
    public void The_health_command_asks_where_the_gateway_listens(string origin, params string[] environment)
    {
        var settings = environment.Select(one => one.Split('=')).ToDictionary(one => one[0], one => one[1], StringComparer.Ordinal);
        HealthCommand.Origin(settings.GetValueOrDefault).ShouldBe(origin);
    }

    private static Task WriteTenantsAsync(string folder) =>
        File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );
}
