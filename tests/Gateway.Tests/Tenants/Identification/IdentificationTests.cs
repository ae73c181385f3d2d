using System.Net;
using System.Net.Http.Headers;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Tenants.Identification;

public sealed class IdentificationTests
{
    private const string Loopback =
        """{ "tenants": [ { "id": "v4", "identify": { "networks": ["127.0.0.0/24"] } }, { "id": "v6", "identify": { "networks": ["::1/128"] } } ] }""";

    [Fact]
    public async Task A_401_says_what_the_gateway_saw_and_what_the_operator_can_change()
    {
        await using var gateway = await GatewayApp.StartAsync(Loopback);

        using var response = await gateway.AskAsync("127.0.9.9");

        var detail = (await response.ProblemAsync(401, "unidentified"))["detail"]!.GetValue<string>();
        detail.ShouldContain("127.0.9.9");
        detail.ShouldContain("no token, client certificate or trusted X-Tenant-Id");
        detail.ShouldContain("identify.networks");
    }

    [Theory]
    [InlineData("/problems", HttpStatusCode.OK)]
    [InlineData("/problems", HttpStatusCode.OK, "Authorization: Bearer nonsense", "X-Tenant-Id: v4")]
    [InlineData("/nowhere", HttpStatusCode.NotFound)]
    [InlineData("/v1/usage", HttpStatusCode.Unauthorized)]
    [InlineData("/V1/USAGE/", HttpStatusCode.Unauthorized)]
    [InlineData("/problems/../v1/usage", HttpStatusCode.Unauthorized)]
    public async Task An_unidentified_caller_reaches_only_anonymous_routes(string path, HttpStatusCode status, params string[] headers)
    {
        await using var gateway = await GatewayApp.StartAsync(Loopback);

        using var response = await gateway.GetRawAsync("127.0.9.9", path, headers);

        response.StatusCode.ShouldBe(status);
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
        using var content = method == "POST" ? new StringContent(GatewayApp.Guide, new MediaTypeHeaderValue("application/json")) : null;

        using var response = await gateway.SendAsync(new HttpMethod(method), path, content);

        await response.ProblemAsync(401, "unidentified");
        gateway.Leonardo.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task On_a_dual_stack_listener_an_IPv4_caller_is_identified_by_its_IPv4_address()
    {
        await using var gateway = await GatewayApp.StartAsync(Loopback, settings: ("urls", "http://[::]:0"));

        (await gateway.OutcomeAsync("127.0.0.5")).ShouldBe("v4 by network");
        (await gateway.OutcomeAsync("::1")).ShouldBe("v6 by network");
        using var refused = await gateway.AskAsync("127.0.1.5");
        (await refused.TextAsync()).ShouldContain("from 127.0.1.5");
    }

    [Fact]
    public async Task An_untrusted_tenant_header_is_logged()
    {
        var log = new TestLog();
        await using var gateway = await GatewayApp.StartAsync(Loopback, log: log);

        (await gateway.OutcomeAsync("127.0.0.5", "X-Tenant-Id: v4\u2028forged")).ShouldBe("401");

        log.Lines.ShouldContain(line =>
            line.StartsWith("Warning: untrusted tenant header from", StringComparison.Ordinal)
            && line.Contains("127.0.0.5", StringComparison.Ordinal)
        );
        log.Lines.ShouldNotContain(line => line.Contains("forged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_request_log_has_the_tenant_and_how_it_was_identified()
    {
        var log = new TestLog();
        await using var gateway = await GatewayApp.StartAsync(Loopback, log: log);

        (await gateway.OutcomeAsync("127.0.0.5")).ShouldBe("v4 by network");

        await Eventually.HoldsAsync(() => log.Lines.Any(line => line.Contains("\"Tenant\":\"v4\"", StringComparison.Ordinal)));
        log.Lines.ShouldContain(line => line.Contains("\"IdentifiedBy\":\"network\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_suspended_tenant_is_refused_until_it_is_resumed()
    {
        await using var gateway = await GatewayApp.StartAsync(Loopback);

        var directory = gateway.Services.GetRequiredService<TenantDirectory>();

        directory.SetSuspended(["v4"]);
        using var refused = await gateway.AskAsync("127.0.0.5");
        await refused.ProblemAsync(403, "suspended");

        directory.SetSuspended([]);
        (await gateway.OutcomeAsync("127.0.0.5")).ShouldBe("v4 by network");
    }

    [Fact]
    public async Task The_tenant_header_may_have_another_name()
    {
        await using var gateway = await GatewayApp.StartAsync(
            """{ "tenants": [ { "id": "h", "identify": { "header": true } }, { "id": "net", "identify": { "networks": ["127.0.0.0/24"] } } ] }""",
            settings: [("Identification:TrustedProxies", "127.0.0.99"), ("Identification:Header", "X-Team")]
        );

        (await gateway.OutcomeAsync("127.0.0.99", "X-Team: h")).ShouldBe("h by header");
        (await gateway.OutcomeAsync("127.0.0.99", "X_Team: h")).ShouldBe("401");
        (await gateway.OutcomeAsync("127.0.0.5", "X-Team: h")).ShouldBe("401");
        (await gateway.OutcomeAsync("127.0.0.5", "X-Tenant-Id: h")).ShouldBe("net by network", "that header then says nothing");
    }
}
