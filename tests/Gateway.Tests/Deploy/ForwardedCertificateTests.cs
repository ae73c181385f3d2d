using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.Deploy;

/// <summary>
/// Client certificates through real proxies: the shipped files with the lines that docs/proxies.md gives for them. The
/// handshake proves who has the certificate; a header of the caller proves nothing.
/// </summary>
public sealed class ForwardedCertificateTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Until = TimeProvider.System.GetUtcNow().AddDays(1);

    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _server = TestCertificates.Make("CN=proxy", GatewayApp.Start.AddDays(-1), Until);
    private readonly X509Certificate2 _b = TestCertificates.Make("CN=b", GatewayApp.Start.AddDays(-1), Until);
    private readonly X509Certificate2 _unknown = TestCertificates.Make("CN=b", GatewayApp.Start.AddDays(-1), Until);

    public async ValueTask InitializeAsync()
    {
        using var key = _server.GetECDsaPrivateKey()!;
        var pem = _server.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
        await File.WriteAllTextAsync(_folder["proxy.pem"], pem, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        _b.Dispose();
        _unknown.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("nginx", "X-SSL-Client-Cert")]
    [InlineData("haproxy", "X-ARR-ClientCert")]
    public async Task Only_the_handshake_with_the_proxy_identifies_a_caller(string program, string header)
    {
        await using var gateway = await GatewayApp.StartAsync(
            $$"""
            {
              "tenants": [
                { "id": "b", "identify": { "certificates": ["sha256:{{_b.GetCertHashString(HashAlgorithmName.SHA256)}}"] } },
                { "id": "net", "identify": { "networks": ["127.0.0.0/8"] } }
              ]
            }
            """,
            settings: [("Identification:TrustedProxies", "127.0.0.1"), ("Identification:CertificateHeader", header)]
        );
        await using var proxy = await ReverseProxy.StartShippedAsync(
            program,
            _folder,
            gateway.Address,
            program == "nginx" ? WithTlsInNginx : WithTlsInHaproxy
        );
        var forged = program == "nginx" ? Uri.EscapeDataString(_b.ExportCertificatePem()) : Convert.ToBase64String(_b.RawData);

        (await OutcomeAsync(proxy, _b)).ShouldBe("b by certificate");
        (await OutcomeAsync(proxy, _unknown)).ShouldBe("401");
        (await OutcomeAsync(proxy, null)).ShouldBe("net by network");
        (await OutcomeAsync(proxy, null, (header, forged))).ShouldBe("net by network");
        (await OutcomeAsync(proxy, _unknown, (header, forged))).ShouldBe("401");
        (await OutcomeAsync(proxy, _b, (header, "garbage"))).ShouldBe("b by certificate");
    }

    private string WithTlsInNginx(string shipped) =>
        shipped
            .Replace(
                ";\n    # Uploads have",
                $" ssl;\n    ssl_certificate {_folder["proxy.pem"]};\n    ssl_certificate_key {_folder["proxy.pem"]};\n    ssl_verify_client optional_no_ca;\n    # Uploads have",
                StringComparison.Ordinal
            )
            .Replace("X-SSL-Client-Cert \"\"", "X-SSL-Client-Cert $ssl_client_escaped_cert", StringComparison.Ordinal);

    /// <summary>Any issuer, as for the gateway itself: it compares the certificate.</summary>
    private string WithTlsInHaproxy(string shipped) =>
        shipped
            .Replace(
                "\n  # The gateway resolves these",
                $" ssl crt {_folder["proxy.pem"]} verify optional ca-file {_folder["proxy.pem"]} crt-ignore-err all ca-ignore-err all\n  # The gateway resolves these",
                StringComparison.Ordinal
            )
            .Replace(
                "  default_backend",
                "  http-request set-header X-ARR-ClientCert %[ssl_c_der,base64] if { ssl_c_used }\n  default_backend",
                StringComparison.Ordinal
            );

    private async Task<string> OutcomeAsync(ReverseProxy proxy, X509Certificate2? certificate, (string Name, string Value)? header = null)
    {
        using var client = SecretScanningHandler.CreateClient(
            tls: new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, peer, _, _) => _server.Equals(peer),
                ClientCertificateContext = certificate is null
                    ? null
                    : SslStreamCertificateContext.Create(certificate, null, offline: true),
            }
        );
        if (header is { } sent)
            client.DefaultRequestHeaders.Add(sent.Name, sent.Value);
        using var response = await client.GetAsync(
            $"https://127.0.0.1:{proxy.Address.Port}/v1/usage",
            TestContext.Current.CancellationToken
        );
        return await response.OutcomeAsync();
    }
}
