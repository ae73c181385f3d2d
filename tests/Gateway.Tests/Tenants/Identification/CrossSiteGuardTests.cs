using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Cli;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// A page in a browser shares its reader's network, certificate and proxy, but must not use an identity by them
/// (DNS rebinding, cross-site requests; T-K16). <c>{cert}</c> is made by the fixture.
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
    // What an untrusted peer forwards is not believed.
    [InlineData("403", "Host: evil.example", "X-Forwarded-Host: gateway")]
    [InlineData("403", "Host: gateway", "Origin: https://gateway", "X-Forwarded-Proto: https")]
    [InlineData("403", "Host: gateway", "Origin: http://evil.example", "X-Forwarded-Host: evil.example")]
    public Task A_caller_identified_by_its_network_gets(string outcome, params string[] headers) => CheckAsync(Caller, outcome, headers);

    [Theory]
    [InlineData("net by network", "Host: gateway", "Origin: https://gateway", "X-Forwarded-Proto: https")]
    [InlineData("403", "Host: gateway", "Origin: http://gateway", "X-Forwarded-Proto: https")]
    [InlineData("net by network", "Host: gateway", "Origin: https://gateway", "X-Forwarded-Proto: https, http")]
    [InlineData("403", "Host: gateway", "Origin: https://gateway", "X-Forwarded-Proto: http, https")]
    [InlineData("403", "Host: evil.example", "Origin: https://evil.example", "X-Forwarded-Proto: https")]
    // Behind a proxy that rewrites Host: the name that the caller used counts.
    [InlineData("net by network", "Host: 10.0.0.5:8080", "Origin: http://gateway", "X-Forwarded-Host: gateway")]
    [InlineData(
        "net by network",
        "Host: 10.0.0.5:8080",
        "Origin: https://gateway",
        "X-Forwarded-Host: gateway:443",
        "X-Forwarded-Proto: https"
    )]
    [InlineData("net by network", "Host: 10.0.0.5:8080", "X-Forwarded-Host: images.example.com, 10.0.0.5:8080")]
    [InlineData("403", "Host: 10.0.0.5:8080", "Origin: http://10.0.0.5:8080", "X-Forwarded-Host: gateway")]
    [InlineData("403", "Host: 10.0.0.5:8080", "X-Forwarded-Host: evil.example")]
    // Ambient as well, but the host name is the proxy's to check.
    [InlineData("h by header", "Host: images.corp.example", "X-Tenant-Id: h")]
    [InlineData("h by header", "Host: images.corp.example", "Origin: http://images.corp.example", "X-Tenant-Id: h")]
    [InlineData("403", "Host: images.corp.example", "Origin: http://evil.example", "X-Tenant-Id: h")]
    [InlineData("403", "Host: images.corp.example", "Sec-Fetch-Site: cross-site", "X-Tenant-Id: h")]
    [InlineData("c by certificate", "Host: images.corp.example", "X-Client-Cert: {cert}")]
    [InlineData("c by certificate", "Origin: http://gateway", "Sec-Fetch-Site: same-origin", "X-Client-Cert: {cert}")]
    [InlineData("403", "Origin: http://evil.example", "X-Client-Cert: {cert}")]
    [InlineData("403", "Sec-Fetch-Site: cross-site", "X-Client-Cert: {cert}")]
    // A token was issued to the caller, whatever else comes along.
    [InlineData("a by token", "Sec-Fetch-Site: cross-site", "X-Tenant-Id: h", "Authorization: Bearer lgw_a")]
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
        using var response = await gate.Gateway.AskAsync(from, [.. headers.Select(gate.Fill)]);

        (await response.OutcomeAsync()).ShouldBe(outcome, await response.TextAsync());
        if (outcome != "403")
            return;
        var isForeignName = (await response.TextAsync()).Contains("/problems/host-not-allowed", StringComparison.Ordinal);
        var detail = (await response.ProblemAsync(403, isForeignName ? "host-not-allowed" : "cross-site"))["detail"]!.GetValue<string>();
        detail.ShouldContain(isForeignName ? "Identification:Hosts" : "Present a token");
        var saysPage = headers.Any(header =>
            header.StartsWith("Origin", StringComparison.Ordinal) || header.Contains("Cross-Site", StringComparison.OrdinalIgnoreCase)
        );
        if (!saysPage)
            isForeignName.ShouldBeTrue();
    }

    public sealed class Gate : IAsyncLifetime
    {
        private readonly X509Certificate2 _certificate = TestCertificates.Make(
            "CN=c",
            GatewayApp.Start.AddDays(-1),
            GatewayApp.Start.AddDays(1)
        );

        internal GatewayApp Gateway { get; private set; } = null!;

        internal string Fill(string header) =>
            header.Replace("{cert}", Convert.ToBase64String(_certificate.RawData), StringComparison.Ordinal);

        public async ValueTask InitializeAsync() =>
            Gateway = await GatewayApp.StartAsync(
                $$"""
                {
                  "tenants": [
                    { "id": "a", "identify": { "tokens": ["{{NewTokenCommand.DigestOf("lgw_a")}}"] } },
                    { "id": "c", "identify": { "certificates": ["sha256:{{_certificate.GetCertHashString(HashAlgorithmName.SHA256)}}"] } },
                    { "id": "h", "identify": { "header": true } },
                    { "id": "net", "identify": { "networks": ["127.0.0.0/24"] } }
                  ]
                }
                """,
                settings:
                [
                    ("Identification:TrustedProxies:0", Proxy),
                    ("Identification:Hosts:0", "images.example.com"),
                    ("Identification:CertificateHeader", "X-Client-Cert"),
                ]
            );

        public ValueTask DisposeAsync()
        {
            _certificate.Dispose();
            return Gateway.DisposeAsync();
        }
    }
}
