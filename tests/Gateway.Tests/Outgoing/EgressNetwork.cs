using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Network;
using Gateway.Tests.Tenants.Identification;
using Leonardo.Simulator;

namespace Gateway.Tests.Outgoing;

/// <summary>
/// A network as behind a firewall: Leonardo, its image host, the issuer, the alert webhook and the collector have names
/// that only a CONNECT proxy can resolve, and certificates of a private authority.
/// </summary>
internal sealed class EgressNetwork : IAsyncDisposable
{
    public const string Leonardo = "api.egress.example";
    public const string Media = "media.egress.example";
    public const string Issuer = "issuer.egress.example";
    public const string Alerts = "alerts.egress.example";
    public const string Collector = "collector.egress.example";

    private const string Tenants = """
        { "tenants": [
          { "id": "net", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "imagesPerDay": 2 } },
          { "id": "a", "identify": { "jwt": [ { "claim": "groups", "value": "img-a" } ] } } ] }
        """;

    private readonly List<IAsyncDisposable> _servers = [];

    private EgressNetwork(LeonardoSimulator leonardo, string? credentials)
    {
        LeonardoServer = leonardo;
        Proxy = new ConnectProxy { Credentials = credentials };
        _servers.Add(Proxy);
        _servers.Add(leonardo);
    }

    public TestAuthority Authority { get; } = new();

    public ConnectProxy Proxy { get; }

    public LeonardoSimulator LeonardoServer { get; }

    public OidcIssuer IssuerServer { get; } = new(TimeProvider.System.GetUtcNow) { PublicAddress = new Uri($"https://{Issuer}") };

    public TemporaryFolder Folder { get; } = new();

    public (string Name, string Value) CaFile => ("Outgoing__CaFile", Folder["ca.pem"]);

    public (string Name, string Value) ProxySetting => ("Outgoing__Proxy", Proxy.Address.AbsoluteUri);

    /// <summary>Everything that a program might take for its proxy.</summary>
    public (string Name, string Value)[] ProxyVariables =>
        [
            .. ((string[])["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
                .SelectMany(name => (string[])[name, name.ToLowerInvariant()])
                .Select(name => (name, Proxy.Address.AbsoluteUri)),
        ];

    /// <param name="names">Of the certificate; by default all that exist.</param>
    /// <param name="credentials">That the proxy asks for.</param>
    public static async Task<EgressNetwork> StartAsync(string[]? names = null, bool isExpired = false, string? credentials = null)
    {
        var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions
            {
                CreationsPerMinute = 0,
                JobSeconds = 0,
                PublicUrl = new Uri($"https://{Media}"),
            },
            TestContext.Current.CancellationToken
        );
        var network = new EgressNetwork(leonardo, credentials);
        await network.IssuerServer.StartAsync();
        network._servers.Add(network.IssuerServer);
        var certificate = network.Authority.Issue(names ?? [Leonardo, Media, Issuer, Alerts, Collector], isExpired);
        var behind = new TlsServer(certificate, leonardo.Address.Port);
        var issuer = new TlsServer(certificate, network.IssuerServer.Address.Port);
        network._servers.AddRange([behind, issuer]);
        foreach (var name in (string[])[Leonardo, Media, Alerts, Collector])
            network.Proxy.Names[name] = behind.Port;
        network.Proxy.Names[Issuer] = issuer.Port;
        await File.WriteAllTextAsync(network.Folder["ca.pem"], network.Authority.Pem, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(network.Folder["tenants.json"], Tenants, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(network.Folder["tokens"], "a-token-for-the-operator", TestContext.Current.CancellationToken);
        return network;
    }

    public Task<GatewayProcess> StartGatewayAsync(params (string Name, string Value)[] settings) =>
        GatewayProcess.StartAsync(
            Folder.Path,
            [
                ("Leonardo__ApiKey", LeonardoServer.Key),
                ("Leonardo__BaseUrl", $"https://{Leonardo}/api/rest"),
                ("Leonardo__ImageOrigins", $"https://{Media}"),
                ("Leonardo__UploadOrigins", $"https://{Media}"),
                ("Identification__Oidc__Authority", $"https://{Issuer}"),
                ("Identification__Oidc__Audience", OidcIssuer.Audience),
                ("Admin__TokenFile", "tokens"),
                .. settings,
            ]
        );

    /// <summary>What operators see of the last call to Leonardo that failed.</summary>
    public static async Task<string> WhyAsync(GatewayProcess gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/upstream");
        request.Headers.Authorization = new("Bearer", "a-token-for-the-operator");
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var errors = (await answer.JsonAsync())["lastErrors"]!.AsArray();
        return errors.Select(error => error!).Last()["why"]!.GetValue<string>();
    }

    /// <summary>As tenant net, by its network; no two requests are equal.</summary>
    public static Task<HttpResponseMessage> PostAsync(GatewayProcess gateway, string? token = null) =>
        SendAsync(
            gateway,
            HttpMethod.Post,
            "/v2/generations",
            token,
            new StringContent(
                $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat {{Guid.NewGuid()}}"} }""",
                null,
                "application/json"
            )
        );

    public static async Task<HttpResponseMessage> SendAsync(
        GatewayProcess gateway,
        HttpMethod method,
        string path,
        string? token = null,
        HttpContent? content = null
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        return await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The images that tenant net has used or holds.</summary>
    public static async Task<long> ImagesAsync(GatewayProcess gateway)
    {
        var usage = await (await SendAsync(gateway, HttpMethod.Get, "/v1/usage")).JsonAsync();
        var day = usage["quotas"]!.AsArray().First(quota => quota!["name"]!.GetValue<string>() == "images-day")!;
        return day["used"]!.GetValue<long>() + day["held"]!.GetValue<long>();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(_servers))
            await server.DisposeAsync();
        Authority.Dispose();
        Folder.Dispose();
    }
}
