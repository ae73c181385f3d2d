using System.Net;
using Gateway.Cli;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// A page in a browser shares its user's network, but must not use the identity by network (DNS rebinding, cross-site
/// requests).
/// </summary>
public sealed class CrossSiteGuardTests(CrossSiteGuardTests.Gate gate) : IClassFixture<CrossSiteGuardTests.Gate>
{
    private const string Caller = "127.0.0.10",
        Proxy = "127.0.0.99";

    [Theory]
    [InlineData("net by network", "Host: gateway")]
    [InlineData("net by network", "Host: gateway:8080")]
    [InlineData("net by network", "Host: localhost:8080")]
    [InlineData("net by network", "Host: 10.20.0.7")]
    [InlineData("net by network", "Host: 10.20.0.7:8080")]
    [InlineData("net by network", "Host: [fd00::7]")]
    [InlineData("net by network", "Host: [fd00::7]:8080")]
    [InlineData("net by network", "Host: gateway.corp.internal")]
    [InlineData("net by network", "Host: GATEWAY.Corp.INTERNAL:8080")]
    [InlineData("net by network", "Host: gateway.local")]
    [InlineData("net by network", "Host: gateway.lan")]
    [InlineData("net by network", "Host: gateway.images.svc")]
    [InlineData("net by network", "Host: gateway.images.svc.cluster.local")]
    [InlineData("net by network", "Host: images.example.com")]
    [InlineData("net by network", "Host: Images.Example.com:443")]
    [InlineData("net by network", "Host: images.example.com.")]
    [InlineData("403", "Host: evil.example")]
    [InlineData("403", "Host: evil.example:8080")]
    [InlineData("403", "Host: a.images.example.com")]
    [InlineData("403", "Host: images.example.com.evil.example")]
    [InlineData("403", "Host: 10.20.0.7.evil.example")]
    [InlineData("403", "Host: 10.20.0.7.nip.io")]
    [InlineData("403", "Host: gateway.internal.evil.example")]
    [InlineData("403", "Host: evil.notinternal")]
    [InlineData("403", "Host: 127.1")]
    [InlineData("403", "Host:")]
    // What the browser states about the page.
    [InlineData("net by network", "Sec-Fetch-Site: same-origin")]
    [InlineData("net by network", "Sec-Fetch-Site: none")]
    [InlineData("403", "Sec-Fetch-Site: cross-site")]
    [InlineData("403", "Sec-Fetch-Site: Cross-Site")]
    [InlineData("403", "Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site")]
    [InlineData("net by network", "Host: gateway:8080", "Origin: http://gateway:8080")]
    [InlineData("403", "Host: gateway:8080", "Origin: http://gateway")]
    [InlineData("403", "Host: gateway:8080", "Origin: https://gateway:8080")]
    [InlineData("403", "Host: gateway", "Origin: http://wiki")]
    [InlineData("403", "Host: gateway", "Origin: null")]
    [InlineData("403", "Host: gateway", "Origin:")]
    [InlineData("403", "Host: gateway", "Origin: http://gateway", "Origin: http://evil.example")]
    [InlineData("403", "Host: gateway", "Origin: http://gateway.evil.example")]
    // Not ambient: a token was issued to the caller.
    [InlineData("a by token", "Host: evil.example", "Authorization: Bearer lgw_a")]
    [InlineData("a by token", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Authorization: Bearer lgw_a")]
    // A left-over Leonardo key is no credential, and does not lift the guard.
    [InlineData("403", "Host: evil.example", "Authorization: Bearer 3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    // X-Forwarded-Host is never believed, X-Forwarded-Proto only from trusted proxies.
    [InlineData("403", "Host: evil.example", "X-Forwarded-Host: gateway")]
    [InlineData("403", "Host: gateway", "Origin: https://gateway", "X-Forwarded-Proto: https")]
    public Task A_caller_identified_by_its_network_gets(string outcome, params string[] headers) => CheckAsync(Caller, outcome, headers);

    [Theory]
    [InlineData("net by network", "Host: gateway", "Origin: https://gateway", "X-Forwarded-Proto: https")]
    [InlineData("403", "Host: gateway", "Origin: http://gateway", "X-Forwarded-Proto: https")]
    [InlineData("403", "Host: gateway", "Origin: https://gateway", "X-Forwarded-Proto: http, https")]
    [InlineData("403", "Host: evil.example", "Origin: https://evil.example", "X-Forwarded-Proto: https")]
    [InlineData("h by header", "Host: images.corp.example", "X-Tenant-Id: h")]
    public Task A_caller_behind_a_trusted_proxy_gets(string outcome, params string[] headers) =>
        CheckAsync(Proxy, outcome, [.. headers, "X-Forwarded-For: 127.0.0.10"]);

    [Fact]
    public async Task No_answer_allows_a_page_of_another_origin_to_read_it()
    {
        using var response = await gate.Gateway.AskAsync(Caller, "Host: gateway", "Origin: http://gateway");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.ShouldNotContain(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    private async Task CheckAsync(string from, string outcome, string[] headers)
    {
        using var response = await gate.Gateway.AskAsync(from, headers);

        (await response.OutcomeAsync()).ShouldBe(outcome, await response.TextAsync());
        if (outcome == "403")
            (await response.ProblemAsync(403, "host-not-allowed"))["detail"]!.GetValue<string>().ShouldContain("Identification:Hosts");
    }

    public sealed class Gate : IAsyncLifetime
    {
        internal GatewayApp Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Gateway = await GatewayApp.StartAsync(
                $$"""
                {
                  "tenants": [
                    { "id": "a", "identify": { "tokens": ["{{NewTokenCommand.DigestOf("lgw_a")}}"] } },
                    { "id": "h", "identify": { "header": true } },
                    { "id": "net", "identify": { "networks": ["127.0.0.0/24"] } }
                  ]
                }
                """,
                settings: [("Identification:TrustedProxies:0", Proxy), ("Identification:Hosts:0", "images.example.com")]
            );

        public ValueTask DisposeAsync() => Gateway.DisposeAsync();
    }
}
