using System.Net;
using Gateway.Cli;
using Gateway.Edge.Http;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Tenants;

/// <summary>The whole gateway, and its process: that it is wired as the parts were tested.</summary>
public sealed class RealGatewayTests
{
    private const string Proxy = "127.0.0.99";

    private static readonly string Tenants = $$"""
        {
          "tenants": [
            { "id": "net", "name": "Network", "identify": { "networks": ["127.0.0.0/24"] } },
            { "id": "tok", "identify": { "tokens": ["{{NewTokenCommand.DigestOf("lgw_tok")}}"] } },
            { "id": "head", "identify": { "header": true } },
            { "id": "far", "identify": { "networks": ["10.0.0.0/8"] } }
          ]
        }
        """;

    [Theory]
    [InlineData("127.0.0.5", "net by network")]
    [InlineData("127.0.0.5", "tok by token", "Authorization: Bearer lgw_tok")]
    [InlineData("127.0.0.5", "net by network", "Authorization: Bearer 3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    [InlineData(Proxy, "head by header", "X-Tenant-Id: head")]
    [InlineData(Proxy, "far by network", "X-Forwarded-For: 10.1.2.3")]
    [InlineData("127.0.0.5", "net by network", "X-Forwarded-For: 10.1.2.3")]
    [InlineData("127.0.0.5", "401", "X-Tenant-Id: head")]
    [InlineData("127.0.0.5", "401", "Authorization: Bearer lgw_other")]
    [InlineData("127.0.9.9", "401")]
    [InlineData("127.0.0.5", "403", "Host: evil.example")]
    public async Task Usage_shows_the_tenant_and_how_it_was_identified(string from, string outcome, params string[] headers)
    {
        await using var gateway = await GatewayApp.StartAsync(tenants: Tenants, settings: ("Identification:TrustedProxies", Proxy));

        var reply = await RawCaller.Ask(gateway.Address, IPAddress.Parse(from), "/v1/usage", headers);

        if (reply.Status == 200)
            $"{reply.Json["tenant"]!["id"]} by {reply.Json["tenant"]!["identifiedBy"]}".ShouldBe(outcome);
        else
            reply.Outcome.ShouldBe(outcome, reply.Body);
    }

    [Theory]
    [InlineData("POST", "/v2/generations")]
    [InlineData("POST", "/v2/generations/quote")]
    [InlineData("GET", "/v2/models")]
    [InlineData("GET", "/v1/usage")]
    [InlineData("POST", "/api/rest/v2/generations")]
    public async Task An_unidentified_caller_is_refused_and_nothing_is_sent_upstream(string method, string path)
    {
        await using var gateway = await GatewayApp.StartAsync(
            tenants: """{ "tenants": [ { "id": "far", "identify": { "networks": ["10.0.0.0/8"] } } ] }"""
        );
        using var content =
            method == "POST"
                ? new StringContent(GatewayApp.Guide, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"))
                : null;

        using var response = await gateway.SendAsync(new HttpMethod(method), path, content);

        await response.ProblemAsync(401, "unidentified");
        gateway.Leonardo.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_gateway_reports_every_error_of_settings_and_tenants_file_and_exits_with_a_code()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "tenants.json"),
            """{ "tenants": [ { "id": "A" }, { "id": "b", "quota": { "imagesPerDay": -1 } } ] }""",
            TestContext.Current.CancellationToken
        );

        var (exitCode, output) = await GatewayProcess.RunAsync(
            folder.Path,
            [],
            ("LEONARDO_API_KEY", "test-key"),
            ("Identification__TrustedProxies__0", "10.0.0.1/8"),
            ("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true")
        );

        exitCode.ShouldNotBe(0);
        output.ShouldContain("Identification:TrustedProxies: 10.0.0.1/8");
        output.ShouldContain("ASPNETCORE_FORWARDEDHEADERS_ENABLED");
        output.ShouldContain("#/tenants/0/id: must be");
        output.ShouldContain("#/tenants/1/quota/imagesPerDay: must be");
        output.ShouldNotContain("   at Gateway", Case.Sensitive, "no stack trace");
    }

    [Fact]
    public async Task New_token_prints_a_token_and_its_digest()
    {
        using var folder = new TemporaryFolder();

        var (exitCode, output) = await GatewayProcess.RunAsync(folder.Path, ["new-token"]);

        exitCode.ShouldBe(0);
        var words = output.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        var token = words.Single(word => word.StartsWith(NewTokenCommand.Prefix, StringComparison.Ordinal));
        words.ShouldContain(NewTokenCommand.DigestOf(token));
    }

    [Fact]
    public async Task Readiness_is_degraded_but_ready_while_the_tenants_file_is_bad()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "tenants.json");
        await File.WriteAllTextAsync(file, Tenants, TestContext.Current.CancellationToken);
        await using var gateway = await GatewayApp.StartAsync(settings: ("Tenants:File", file));
        var directory = gateway.Services.GetRequiredService<TenantDirectory>();
        (await Tenant()).ShouldBe(("ok", "200"));

        await File.WriteAllTextAsync(file, """{ "tenants": [] }""", TestContext.Current.CancellationToken);
        directory.Load().ShouldNotBeEmpty();

        (await Tenant()).ShouldBe(("degraded", "200"));

        async Task<(string, string)> Tenant()
        {
            using var response = await gateway.GetAsync("/health/ready");
            var json = await response.JsonAsync();
            return (json["checks"]!["tenants"]!["status"]!.GetValue<string>(), $"{(int)response.StatusCode}");
        }
    }
}
