using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.Deploy;

/// <summary>
/// Attacks through real proxies with the files of deploy/ as they are (T-K1). The gateway believes everything that the
/// proxy says, a client certificate included; so a caller must not be able to say it through the proxy.
/// </summary>
public sealed class ShippedProxyTests : IAsyncLifetime
{
    private const string Caller = "127.0.0.10";

    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _certificate = TestCertificates.Make(
        "CN=b",
        GatewayApp.Start.AddDays(-1),
        GatewayApp.Start.AddDays(1)
    );

    public static TheoryData<string> Programs => ["nginx", "haproxy"];

    public static MatrixTheoryData<string, string> Certificates =>
        new(
            ["nginx", "haproxy"],
            [
                "X-Client-Cert: {der}",
                "x-client-cert: {pem}",
                "Client-Cert: :{der}:",
                "Client-Cert-Chain: :{der}:",
                "X-SSL-Client-Cert: {pem}",
                "SSL-Client-Cert: {pem}",
                "X-ARR-ClientCert: {der}",
                "X-Forwarded-Client-Cert: {der}",
                "X-Forwarded-Tls-Client-Cert: {der}",
                "X-Amzn-Mtls-Clientcert: {pem}",
            ]
        );

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _certificate.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Also in the header that the gateway is configured to believe.</summary>
    [Theory]
    [MemberData(nameof(Certificates))]
    public async Task Another_teams_public_certificate_in_a_header_changes_nothing(string program, string header)
    {
        await using var gateway = await StartAsync(header.Split(':')[0]);
        await using var proxy = await ReverseProxy.StartShippedAsync(program, _folder, gateway.Address);

        using var response = await proxy.Address.GetRawAsync(Caller, "/v1/usage", Fill(header));

        (await response.OutcomeAsync()).ShouldBe("net by network", await response.TextAsync());
        // The attack is one: without the proxy's care it succeeds.
        (await gateway.OutcomeAsync("127.0.0.1", Fill(header))).ShouldBe("b by certificate");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_caller_that_speaks_for_a_proxy_stays_who_it_is(string program)
    {
        await using var gateway = await StartAsync("X-Client-Cert");
        await using var proxy = await ReverseProxy.StartShippedAsync(program, _folder, gateway.Address);
        string[] attacks =
        [
            "X-Tenant-Id: h",
            "x-tenant-id: h\r\nX-Tenant-Id: h",
            "X_Tenant_Id: h",
            "X-Tenant_Id: h",
            "X_Client_Cert: {der}",
            "X-Forwarded-For: 10.1.2.3",
            "X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-For: 10.1.2.3",
            "X_Forwarded_For: 10.1.2.3",
            "Forwarded: for=10.1.2.3",
            "X-Real-IP: 10.1.2.3",
            "Connection: X-Forwarded-For, X-Forwarded-Host, X-Tenant-Id",
        ];

        foreach (var attack in attacks)
        {
            using var response = await proxy.Address.GetRawAsync(Caller, "/v1/usage", Fill(attack));

            (await response.OutcomeAsync()).ShouldBe("net by network", $"{attack}: {await response.TextAsync()}");
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_callers_own_addresses_are_replaced(string program)
    {
        await using var gateway = await StartAsync("X-Client-Cert");
        await using var proxy = await ReverseProxy.StartShippedAsync(program, _folder, gateway.Address);

        using var response = await proxy.Address.GetRawAsync(
            Caller,
            "/v1/nowhere",
            "Host: img.example:8080",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: evil.example",
            "X-Forwarded-Prefix: /evil"
        );

        response.Headers.GetValues("Link").ShouldBe(["<http://img.example:8080/problems/not-found>; rel=\"help\""]);
    }

    /// <summary>What is sent on is exactly this, whatever a caller adds.</summary>
    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_caller_adds_nothing_to_what_the_proxy_says(string program)
    {
        var head = "";
        await using var upstream = new RawHost(
            async (received, stream, stop) =>
            {
                head = received;
                await stream.WriteAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
            }
        );
        await using var proxy = await ReverseProxy.StartShippedAsync(program, _folder, upstream.Address);
        string[] forged =
        [
            .. Certificates.Select(row => Fill(row.Data.Item2)).Distinct(StringComparer.Ordinal),
            .. (string[])
                [
                    "X-Tenant-Id: h",
                    "X_Tenant_Id: h",
                    "X-Forwarded-For: 10.1.2.3",
                    "X-Forwarded-Proto: https",
                    "X-Forwarded-Host: evil.example",
                ],
            .. (string[])
                ["X-Forwarded-Prefix: /evil", "Forwarded: for=10.1.2.3", "X-Forwarded-For: 10.1.2.4", "X-Amzn-Mtls-Clientcert-Leaf: x"],
        ];

        using var response = await proxy.Address.GetRawAsync(Caller, "/v1/usage", [.. forged, "Accept: application/json"]);

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Skip(1)
            .Select(line => line.ToLowerInvariant())
            .Where(line => !line.StartsWith("connection:", StringComparison.Ordinal))
            .ShouldBe(
                [
                    "host: gateway",
                    $"x-forwarded-for: {Caller}",
                    "x-forwarded-proto: http",
                    "x-forwarded-host: gateway",
                    "accept: application/json",
                ],
                ignoreOrder: true
            );
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_page_of_another_site_is_refused_through_the_proxy(string program)
    {
        await using var gateway = await StartAsync("X-Client-Cert");
        await using var proxy = await ReverseProxy.StartShippedAsync(program, _folder, gateway.Address);

        using var foreign = await proxy.Address.GetRawAsync(Caller, "/v1/usage", "Host: gateway", "Origin: http://evil.example");
        using var forged = await proxy.Address.GetRawAsync(
            Caller,
            "/v1/usage",
            "Host: gateway",
            "Origin: http://evil.example",
            "X-Forwarded-Host: evil.example"
        );
        using var own = await proxy.Address.GetRawAsync(Caller, "/v1/usage", "Host: gateway", "Origin: http://gateway");

        await foreign.ProblemAsync(403, "cross-site");
        await forged.ProblemAsync(403, "cross-site");
        (await own.OutcomeAsync()).ShouldBe("net by network");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task The_operators_routes_are_not_reached_however_they_are_written(string program)
    {
        await using var gateway = await StartAsync("X-Client-Cert");
        await using var proxy = await ReverseProxy.StartShippedAsync(program, _folder, gateway.Address);
        string[] paths =
        [
            .. (string[])
                ["/metrics", "/METRICS", "/metrics/", "/%6Detrics", "/%4DETRICS", "/./metrics", "/v1/../metrics", "/v1/%2e%2e/metrics"],
            .. (string[])
                ["/health/ready", "/Health/ready", "/%48ealth/ready", "/x/..//health/ready", "/admin/tenants", "/ADMIN/tenants?x=1"],
        ];

        foreach (var path in paths)
        {
            using var response = await proxy.Address.GetRawAsync(Caller, path);

            response.StatusCode.ShouldBeOneOf([HttpStatusCode.NotFound, HttpStatusCode.BadRequest], path);
            // The proxy's own answer: the gateway was not asked.
            response.Headers.Contains("X-Request-Id").ShouldBeFalse(path);
        }
    }

    private string Fill(string header) =>
        header
            .Replace("{der}", Convert.ToBase64String(_certificate.RawData), StringComparison.Ordinal)
            .Replace("{pem}", Uri.EscapeDataString(_certificate.ExportCertificatePem()), StringComparison.Ordinal);

    private Task<GatewayApp> StartAsync(string certificateHeader) =>
        GatewayApp.StartAsync(
            $$"""
            {
              "tenants": [
                { "id": "b", "identify": { "certificates": ["sha256:{{_certificate.GetCertHashString(HashAlgorithmName.SHA256)}}"] } },
                { "id": "h", "identify": { "header": true } },
                { "id": "far", "identify": { "networks": ["10.0.0.0/8"] } },
                { "id": "net", "identify": { "networks": ["{{Caller}}/32"] } }
              ]
            }
            """,
            settings: [("Identification:TrustedProxies", "127.0.0.1"), ("Identification:CertificateHeader", certificateHeader)]
        );
}
