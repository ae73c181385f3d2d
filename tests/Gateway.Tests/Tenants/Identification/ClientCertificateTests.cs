using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Cli;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>Client certificates in real TLS handshakes. The caller's address is in tenant net's network.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = GatewayApp.Start;

    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _server = TestCertificates.Make("CN=gateway", Now.AddDays(-1), Now.AddDays(1));
    private readonly X509Certificate2 _pinned = TestCertificates.Make("CN=a", Now.AddDays(-1), Now.AddDays(1));
    private readonly X509Certificate2 _sameName = TestCertificates.Make("CN=a", Now.AddDays(-1), Now.AddDays(1));
    private readonly X509Certificate2 _expired = TestCertificates.Make("CN=a", Now.AddDays(-2), Now.AddDays(-1));

    public void Dispose()
    {
        _server.Dispose();
        _pinned.Dispose();
        _sameName.Dispose();
        _expired.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_certificate_is_identified_by_its_thumbprint()
    {
        await using var gateway = await StartAsync(Pinning(_pinned, _expired));

        (await OutcomeAsync(gateway, _pinned)).ShouldBe("a by certificate");
    }

    [Fact]
    public async Task A_certificate_of_the_same_name_is_refused_without_falling_back_to_the_network()
    {
        await using var gateway = await StartAsync(Pinning(_pinned, _expired));

        (await OutcomeAsync(gateway, _sameName)).ShouldBe("401");
    }

    [Fact]
    public async Task An_expired_certificate_is_refused()
    {
        await using var gateway = await StartAsync(Pinning(_pinned, _expired));

        (await OutcomeAsync(gateway, _expired)).ShouldBe("401");
    }

    [Fact]
    public async Task Without_a_certificate_the_network_decides()
    {
        await using var gateway = await StartAsync(Pinning(_pinned, _expired));

        (await OutcomeAsync(gateway, null)).ShouldBe("net by network");
    }

    [Fact]
    public async Task A_token_and_a_certificate_of_different_tenants_are_refused()
    {
        await using var gateway = await StartAsync(Pinning(_pinned, _expired));

        (await OutcomeAsync(gateway, _pinned, "lgw_b")).ShouldBe("401");
    }

    [Fact]
    public async Task The_gateway_fetches_nothing_that_a_certificate_points_to()
    {
        using var trap = new TcpListener(IPAddress.Loopback, 0);
        trap.Start();
        using var pointing = TestCertificates.MakePointing($"http://127.0.0.1:{((IPEndPoint)trap.LocalEndpoint).Port}/issuer");
        await using var gateway = await StartAsync(Pinning(_pinned, pointing));

        (await OutcomeAsync(gateway, pointing)).ShouldBe("a by certificate");

        trap.Pending().ShouldBeFalse();
    }

    [Fact]
    public async Task No_certificate_is_requested_while_no_tenant_has_one()
    {
        await using var gateway = await StartAsync("""{ "tenants": [ { "id": "net", "identify": { "networks": ["127.0.0.0/8"] } } ] }""");

        (await OutcomeAsync(gateway, _sameName)).ShouldBe("net by network");

        await File.WriteAllTextAsync(gateway.TenantsFile, Pinning(_pinned, _expired), TestContext.Current.CancellationToken);
        gateway.Services.GetRequiredService<TenantDirectory>().Load().ShouldBeEmpty();
        (await OutcomeAsync(gateway, _pinned)).ShouldBe("a by certificate");
    }

    /// <summary>Between two TLS hops the certificate of the connection is the proxy's own.</summary>
    [Fact]
    public async Task A_proxys_own_certificate_does_not_identify_its_callers()
    {
        await using var gateway = await StartAsync(
            Pinning(_pinned, _expired),
            ("Identification:TrustedProxies", "127.0.0.1"),
            ("Identification:CertificateHeader", "X-Client-Cert")
        );

        (await OutcomeAsync(gateway, _pinned)).ShouldBe("net by network");
        (await OutcomeAsync(gateway, _sameName)).ShouldBe("net by network");
        (await OutcomeAsync(gateway, _sameName, forwarded: _pinned)).ShouldBe("a by certificate");
        (await OutcomeAsync(gateway, _pinned, forwarded: _sameName)).ShouldBe("401");
    }

    /// <summary>As an operator sets TLS up.</summary>
    private async Task<GatewayApp> StartAsync(string tenants, params (string, string)[] settings)
    {
        var path = _folder["gateway.pfx"];
        await File.WriteAllBytesAsync(path, _server.Export(X509ContentType.Pkcs12), TestContext.Current.CancellationToken);
        return await GatewayApp.StartAsync(
            tenants,
            settings:
            [
                ("urls", ""),
                ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
                ("Kestrel:Endpoints:Https:Certificate:Path", path),
                .. settings,
            ]
        );
    }

    private static string Pinning(params X509Certificate2[] certificates)
    {
        var thumbprints = certificates.Select(certificate => $"\"sha256:{certificate.GetCertHashString(HashAlgorithmName.SHA256)}\"");
        return $$"""
            {
              "tenants": [
                { "id": "a", "identify": { "certificates": [{{string.Join(", ", thumbprints)}}] } },
                { "id": "b", "identify": { "tokens": ["{{NewTokenCommand.DigestOf("lgw_b")}}"] } },
                { "id": "net", "identify": { "networks": ["127.0.0.0/8"] } }
              ]
            }
            """;
    }

    private async Task<string> OutcomeAsync(
        GatewayApp gateway,
        X509Certificate2? certificate,
        string? token = null,
        X509Certificate2? forwarded = null
    )
    {
        using var client = SecretScanningHandler.CreateClient(
            gateway.Address,
            new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => _server.Equals(certificate),
                // Offline: else this client, too, would fetch the issuer of its own certificate.
                ClientCertificateContext = certificate is null
                    ? null
                    : SslStreamCertificateContext.Create(certificate, null, offline: true),
            }
        );
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        if (forwarded is not null)
            client.DefaultRequestHeaders.Add("X-Client-Cert", Convert.ToBase64String(forwarded.RawData));
        using var response = await client.GetAsync("/v1/usage", TestContext.Current.CancellationToken);
        return await response.OutcomeAsync();
    }
}
