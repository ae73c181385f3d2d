using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// Who a request is identified as, and that no header makes it another tenant. One case a line: peer address, outcome,
/// headers sent.
/// </summary>
public sealed class SpoofTests(SpoofTests.Gate gate) : IClassFixture<SpoofTests.Gate>
{
    /// <summary>
    /// In a's network, in no network, a trusted proxy in no network, and a trusted proxy in c's network.
    /// </summary>
    private const string A = "127.0.0.10",
        Unknown = "127.0.9.1",
        Proxy = "127.0.0.99",
        ProxyInC = "127.0.3.99";

    private const string Tenants = """
        {
          "tenants": [
            { "id": "a", "identify": { "networks": ["127.0.0.8/29", "10.1.0.0/16", "2001:db8:a::/48"] } },
            { "id": "b", "identify": { "networks": ["127.0.0.12/32", "10.1.2.0/24"], "header": true } },
            { "id": "c", "identify": { "networks": ["127.0.3.0/24"] } }
          ]
        }
        """;

    [Theory]
    // Network: longest prefix.
    [InlineData(A, "a by network")]
    [InlineData("127.0.0.12", "b by network")]
    [InlineData("127.0.0.16", "401")]
    [InlineData(Unknown, "401")]
    [InlineData("127.0.3.1", "c by network")]
    // The tenant header: only from a trusted proxy, once, exact, and only for tenants that allow it.
    [InlineData(Proxy, "b by header", "X-Tenant-Id: b")]
    [InlineData(Proxy, "b by header", "x-tenant-ID: b")]
    [InlineData(Proxy, "b by header", "X-Tenant-Id:  b  ")]
    [InlineData(Proxy, "b by header", "X-Tenant-Id: b", "X-Forwarded-For: 10.1.0.1")]
    [InlineData(Proxy, "401", "X-Tenant-Id: a")]
    [InlineData(Proxy, "401", "X-Tenant-Id: B")]
    [InlineData(Proxy, "401", "X-Tenant-Id: nobody")]
    [InlineData(Proxy, "401", "X-Tenant-Id:")]
    [InlineData(Proxy, "401", "X-Tenant-Id: b", "X-Tenant-Id: b")]
    [InlineData(Proxy, "401", "X-Tenant-Id: b", "X-Tenant-Id: a")]
    [InlineData(Proxy, "401", "X-Tenant-Id: b, b")]
    [InlineData(Proxy, "401", "X-Tenant-Id: b,")]
    [InlineData(Proxy, "401", "X_Tenant_Id: b")]
    [InlineData(Proxy, "401", "X-Tenant-Id: b", "x_tenant_id: b")]
    [InlineData(Proxy, "401", "X-Tenant_Id: b")]
    [InlineData(Proxy, "401", "X-Tenant-Id: \u0431")]
    [InlineData(A, "401", "X-Tenant-Id: b")]
    [InlineData(A, "401", "X-Tenant-Id: a")]
    [InlineData(A, "401", "X-Tenant-Id:")]
    [InlineData(A, "401", "X_Tenant_Id: a")]
    [InlineData(A, "401", "x-tenant_id: a")]
    [InlineData(Unknown, "401", "X-Tenant-Id: b")]
    // X-Forwarded-For: only from a trusted proxy, read from the right.
    [InlineData(A, "a by network", "X-Forwarded-For: 10.1.2.1")]
    [InlineData(Unknown, "401", "X-Forwarded-For: 10.1.2.1")]
    [InlineData(A, "a by network", "X-Forwarded-For: garbage")]
    [InlineData(Proxy, "b by network", "X-Forwarded-For: 10.1.2.1")]
    [InlineData(Proxy, "a by network", "X-Forwarded-For: 10.1.2.1, 10.1.3.1")]
    [InlineData(Proxy, "a by network", "X-Forwarded-For: 10.1.2.1", "X-Forwarded-For: 10.1.3.1")]
    [InlineData(Proxy, "b by network", "X-Forwarded-For: 10.1.3.1", "X-Forwarded-For: 10.1.2.1,127.0.3.99")]
    [InlineData(Proxy, "b by network", "X-Forwarded-For: unknown, 10.1.2.1")]
    [InlineData(Proxy, "a by network", "X-Forwarded-For: 10.1.2.1, 10.1.2.2,\t10.1.3.1")]
    [InlineData(Proxy, "b by network", "X-Forwarded-For: 10.1.3.1, 10.1.2.1, 127.0.3.99, 127.0.0.99")]
    [InlineData(Proxy, "a by network", "X-Forwarded-For: ::ffff:10.1.9.9")]
    [InlineData(Proxy, "a by network", "X-Forwarded-For: 2001:db8:a::1")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 192.0.2.1, 127.0.3.99")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 10.1.2.1, 192.0.2.1")]
    [InlineData(Proxy, "401", "X-Forwarded-For:")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 10.1.2.1,")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 10.1.2.1, garbage")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 10.258")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 0x0a010201")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 010.1.2.1")]
    [InlineData(Proxy, "401", "X-Forwarded-For: fe80::1%eth0")]
    [InlineData(Proxy, "401", "X-Forwarded-For: \"10.1.2.1\"")]
    [InlineData(Proxy, "401", "X-Forwarded-For: 10.1.2.1 10.1.2.1")]
    [InlineData(Proxy, "401", "X_Forwarded_For: 10.1.2.1")]
    // With a port and brackets, as some proxies write it.
    [InlineData(Proxy, "b by network", "X-Forwarded-For: 10.1.2.3:51234")]
    [InlineData(Proxy, "a by network", "X-Forwarded-For: [2001:db8:a::7]:443")]
    [InlineData(Proxy, "a by network", "X-Forwarded-For: [2001:db8:a::7]")]
    [InlineData(Proxy, "b by network", "X-Forwarded-For: 10.1.3.1:1, 10.1.2.3:51234, 127.0.3.99:80")]
    [InlineData(ProxyInC, "a by network", "X-Forwarded-For: [::ffff:10.1.9.9]:8080")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: 10.1.2.3:")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: 10.1.2.3:0x50")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: 10.1.2.3:65536")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: 10.1.2.3:+80")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: 10.1.2.3:80:80")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: [10.1.2.3]:80")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: [2001:db8:a::7")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: [2001:db8:a::7]443")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: 2001:db8:a::7]:443")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: [fe80::1%eth0]:443")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: unknown")]
    [InlineData(ProxyInC, "401", "X-Forwarded-For: _hidden")]
    // A proxy that forwards for nobody is the caller itself.
    [InlineData(Proxy, "401")]
    [InlineData(ProxyInC, "c by network")]
    [InlineData(ProxyInC, "a by network", "X-Forwarded-For: 10.1.3.1")]
    [InlineData(Proxy, "c by network", "X-Forwarded-For: 127.0.3.99")]
    // Other headers that name an address or a tenant are ignored.
    [InlineData(A, "a by network", "X-Real-IP: 10.1.2.1", "Forwarded: for=10.1.2.1", "X-Client-IP: 10.1.2.1", "True-Client-IP: 10.1.2.1")]
    [InlineData(Proxy, "401", "X-Real-IP: 10.1.2.1")]
    [InlineData(Proxy, "401", "Forwarded: for=10.1.2.1")]
    public async Task A_request_with_these_headers_is_identified_as(string from, string outcome, params string[] headers)
    {
        using var response = await gate.Gateway.AskAsync(from, headers);

        (await response.OutcomeAsync()).ShouldBe(outcome, await response.TextAsync());
        if (outcome == "401")
            await response.ShouldAskForATokenAsync();
    }

    public sealed class Gate : IAsyncLifetime
    {
        internal GatewayApp Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Gateway = await GatewayApp.StartAsync(
                Tenants,
                settings: [("Identification:TrustedProxies:0", Proxy), ("Identification:TrustedProxies:1", ProxyInC + "/32")]
            );

        public ValueTask DisposeAsync() => Gateway.DisposeAsync();
    }
}
