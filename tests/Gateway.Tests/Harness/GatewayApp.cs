using System.Net.Http.Headers;
using System.Text;
using Gateway.Edge.Logging;
using Leonardo.Simulator;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Serilog;
using Serilog.Formatting.Compact;

namespace Gateway.Tests.Harness;

/// <summary>
/// The gateway in this process, on a real socket, with a simulator on another, an empty store
/// and a clock that only a test advances.
/// </summary>
internal sealed class GatewayApp : IAsyncDisposable
{
    public const string Guide = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat wearing a hat"}}""";

    public static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly WebApplicationFactory<Program> _factory;
    private readonly TemporaryFolder _folder;
    private readonly SecretScanner _secrets;

    private GatewayApp(WebApplicationFactory<Program> factory, LeonardoSimulator leonardo, FakeTimeProvider time, TemporaryFolder folder)
    {
        _factory = factory;
        _folder = folder;
        Leonardo = leonardo;
        Time = time;
        Address = new Uri(
            // With a management port there is another one, on every address.
            factory.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
        );
        _secrets = new SecretScanner([Address.Port], leonardo.Key, leonardo.AccountUserId, leonardo.Address.Authority);
        Client = SecretScanningHandler.CreateClient(Address);
    }

    public LeonardoSimulator Leonardo { get; }

    public FakeTimeProvider Time { get; }

    public HttpClient Client { get; }

    public Uri Address { get; }

    public IServiceProvider Services => _factory.Services;

    public string TenantsFile => FileIn(_folder);

    /// <param name="tenants">The tenants file; by default one tenant, <c>team</c>, on loopback, without limits.</param>
    /// <param name="upstream">Used instead of the simulator.</param>
    /// <param name="log">Gets what the gateway logs from <c>Information</c> on.</param>
    /// <param name="settings">May replace those of the harness, such as <c>urls</c> and <c>environment</c>.</param>
    public static async Task<GatewayApp> StartAsync(
        string? tenants = null,
        Uri? upstream = null,
        SimulatorOptions? simulator = null,
        TestLog? log = null,
        params (string Name, string Value)[] settings
    )
    {
        var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(Start);
        var leonardo = await LeonardoSimulator.StartAsync(
            (simulator ?? new SimulatorOptions { CreationsPerMinute = 0 }) with
            {
                Time = time,
            }
        );
        await File.WriteAllTextAsync(
            FileIn(folder),
            tenants ?? Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }""")
        );

        var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(host =>
        {
            host.UseEnvironment("Production");
            host.UseSetting("urls", "http://127.0.0.1:0");
            host.UseSetting("Leonardo:ApiKey", leonardo.Key);
            host.UseSetting("Leonardo:BaseUrl", (upstream ?? leonardo.BaseUrl).AbsoluteUri);
            host.UseSetting("Leonardo:ImageOrigins:0", leonardo.Address.GetLeftPart(UriPartial.Authority));
            host.UseSetting("Leonardo:UploadOrigins:0", leonardo.Address.GetLeftPart(UriPartial.Authority));
            host.UseSetting("Leonardo:ConcurrentGenerations", "1000");
            host.UseSetting("Leonardo:GenerationsPerMinute", "100000");
            host.UseSetting("Leonardo:RequestsPerMinute", "1000000");
            host.UseSetting("Storage:ConnectionString", $"Data Source={folder["gateway.db"]}");
            host.UseSetting("Tenants:File", FileIn(folder));
            host.UseSetting("Logging:Level", log is null ? "Fatal" : "Information");
            host.UseSetting("Logging:Format", "json");
            // All callers of all tests have one address.
            host.UseSetting("Limits:AnonymousRequestsPerSecond", "0");
            foreach (var (name, value) in settings)
                host.UseSetting(name, value);
            host.ConfigureTestServices(services =>
            {
                services.AddSingleton<TimeProvider>(time);
                // Preserved: gateways run side by side, and each log must hold its own events alone.
                if (log is null)
                    return;
                services.AddSerilog(to => to.WriteTo.Sink(log), preserveStaticLogger: true);
                services.AddSingleton(new StandardOutputSink(new RenderedCompactJsonFormatter(), log.Output));
            });
        });
        factory.UseKestrel();
        factory.StartServer();
        return new GatewayApp(factory, leonardo, time, folder);
    }

    public static string Tenants(params string[] tenants) => $$"""{ "tenants": [ {{string.Join(", ", tenants)}} ] }""";

    public Task<HttpResponseMessage> PostAsync(string json, string path = "/v2/generations", params (string Name, string Value)[] headers)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return SendAsync(HttpMethod.Post, path, content, headers);
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _factory.DisposeAsync();
        await Leonardo.DisposeAsync();
        _folder.Dispose();
        _secrets.ShouldHaveFoundNothing();
    }

    private static string FileIn(TemporaryFolder folder) => folder["tenants.json"];
}
