using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.Deploy;

/// <summary>
/// A gateway in a process of its own, and what stands between it and its callers. They are identified by their network,
/// so that every rule for browsers applies.
/// </summary>
internal sealed class ProxiedGateway : IAsyncDisposable
{
    private const string Direct = "direct",
        ShippedNginx = "shipped nginx",
        DefaultProxyPass = "default proxy_pass",
        PathPrefix = "path prefix",
        TwoTlsHops = "two TLS hops",
        ShippedHaproxy = "shipped HAProxy";

    private readonly GatewayProcess _gateway;
    private readonly ReverseProxy? _proxy;
    private readonly X509Certificate2? _certificate;

    private ProxiedGateway(GatewayProcess gateway, string root, ReverseProxy? proxy = null, X509Certificate2? certificate = null) =>
        (_gateway, Root, _proxy, _certificate) = (gateway, root, proxy, certificate);

    public static IReadOnlyList<string> Ways { get; } = [Direct, ShippedNginx, DefaultProxyPass, PathPrefix, TwoTlsHops, ShippedHaproxy];

    /// <summary>Where its callers reach it.</summary>
    public string Root { get; }

    public static async Task<ProxiedGateway> StartAsync(string way, TemporaryFolder folder)
    {
        // Before the gateway runs: a test that is skipped must not leave it behind.
        if (way != Direct)
            Tools.Need(way == ShippedHaproxy ? "haproxy" : "nginx");
        await File.WriteAllTextAsync(
            folder["tenants.json"],
            GatewayApp.Tenants("""{ "id": "team", "name": "Team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );
        return way switch
        {
            Direct => await StartDirectAsync(folder),
            DefaultProxyPass => await StartBehindDefaultsAsync(folder),
            TwoTlsHops => await StartBehindTwoHopsAsync(folder),
            _ => await StartBehindShippedAsync(way, folder),
        };
    }

    public HttpClient CreateClient() =>
        SecretScanningHandler.CreateClient(
            tls: new() { RemoteCertificateValidationCallback = (_, peer, _, _) => peer is X509Certificate2 own && own.Equals(_certificate) }
        );

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
            await _proxy.DisposeAsync();
        await _gateway.DisposeAsync();
        _certificate?.Dispose();
    }

    private static Task<GatewayProcess> StartGatewayAsync(TemporaryFolder folder, params (string, string)[] settings) =>
        GatewayProcess.StartAsync(folder.Path, [.. settings, ("Leonardo__Simulator", "true"), ("Tenants__File", folder["tenants.json"])]);

    private static async Task<ProxiedGateway> StartDirectAsync(TemporaryFolder folder)
    {
        var gateway = await StartGatewayAsync(folder);
        return new(gateway, gateway.Address.GetLeftPart(UriPartial.Authority));
    }

    /// <summary>With the one change that the file itself describes for a prefix.</summary>
    private static async Task<ProxiedGateway> StartBehindShippedAsync(string way, TemporaryFolder folder)
    {
        var gateway = await StartGatewayAsync(folder, ("Identification__TrustedProxies", "127.0.0.1"));
        var proxy = way switch
        {
            PathPrefix => await ReverseProxy.StartShippedAsync(
                "nginx",
                folder,
                gateway.Address,
                shipped =>
                    shipped
                        .Replace("location / {", "location /leonardo/ {", StringComparison.Ordinal)
                        .Replace("proxy_pass http://gateway;", "proxy_pass http://gateway/;", StringComparison.Ordinal)
                        .Replace("X-Forwarded-Prefix \"\"", "X-Forwarded-Prefix /leonardo", StringComparison.Ordinal)
            ),
            _ => await ReverseProxy.StartShippedAsync(way == ShippedHaproxy ? "haproxy" : "nginx", folder, gateway.Address),
        };
        var origin = proxy.Address.GetLeftPart(UriPartial.Authority);
        return new(gateway, way == PathPrefix ? origin + "/leonardo" : origin, proxy);
    }

    /// <summary>HTTP/1.0, the upstream's Host, and no header at all: only PublicUrl says where callers are.</summary>
    private static async Task<ProxiedGateway> StartBehindDefaultsAsync(TemporaryFolder folder)
    {
        var root = $"http://127.0.0.1:{Ports.Free()}";
        var gateway = await StartGatewayAsync(folder, ("PublicUrl", root));
        var proxy = await ReverseProxy.StartNginxServersAsync(
            folder,
            $"server {{ listen {new Uri(root).Authority}; location / {{ proxy_pass {gateway.Address}; }} }}",
            new Uri(root)
        );
        return new(gateway, root, proxy);
    }

    /// <summary>The outer proxy replaces what callers send; the inner one appends, and rewrites Host.</summary>
    private static async Task<ProxiedGateway> StartBehindTwoHopsAsync(TemporaryFolder folder)
    {
        var now = TimeProvider.System.GetUtcNow();
        var certificate = TestCertificates.Make("CN=proxy", now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(folder["tls.pem"], certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        using (var key = certificate.GetECDsaPrivateKey()!)
            await File.WriteAllTextAsync(folder["tls.key"], key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        var gateway = await StartGatewayAsync(folder, ("Identification__TrustedProxies", "127.0.0.1"));
        var (outer, inner) = (Ports.Free(), Ports.Free());
        var proxy = await ReverseProxy.StartNginxServersAsync(
            folder,
            $$"""
            ssl_certificate {{folder["tls.pem"]}};
            ssl_certificate_key {{folder["tls.key"]}};
            proxy_http_version 1.1;
            server {
              listen 127.0.0.1:{{outer}} ssl;
              location / {
                proxy_pass https://127.0.0.1:{{inner}};
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto $scheme;
                proxy_set_header X-Forwarded-Host $http_host;
                proxy_set_header X-Forwarded-Prefix "";
              }
            }
            server {
              listen 127.0.0.1:{{inner}} ssl;
              location / {
                proxy_pass {{gateway.Address}};
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";
                proxy_set_header X-Forwarded-Host "$http_x_forwarded_host, $http_host";
              }
            }
            """,
            new Uri($"https://127.0.0.1:{outer}")
        );
        return new(gateway, $"https://127.0.0.1:{outer}", proxy, certificate);
    }
}
