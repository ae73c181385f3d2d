using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Gateway.Benchmarks.Proxy;
using Gateway.Tests.Harness.LargeStores;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Benchmarks;

/// <summary>The gateway's own process on one store, and requests to it.</summary>
internal sealed class ScaleGateway : IDisposable
{
    public const int Tenants = 100;
    private const string OperatorToken = "0123456789abcdef";

    private readonly HttpClient _client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromHours(1) });
    private readonly (string Name, string Value)[] _settings;
    private readonly string _baseAddress;
    private readonly int _port = Ports.Free();
    private Target? _target;

    /// <param name="folder">Of the files that <see cref="WriteFilesAsync"/> wrote.</param>
    /// <param name="more">Further settings.</param>
    public ScaleGateway(string folder, int upstreamPort, string engine, string connection, params (string Name, string Value)[] more)
    {
        _baseAddress = $"http://127.0.0.1:{_port}";
        _settings =
        [
            ("ASPNETCORE_URLS", _baseAddress),
            ("Leonardo__ApiKey", "11111111-2222-3333-4444-555555555555"),
            ("Leonardo__BaseUrl", $"http://127.0.0.1:{upstreamPort}/api/rest"),
            ("Leonardo__ConcurrentGenerations", "1000000"),
            ("Leonardo__GenerationsPerMinute", "100000000"),
            ("Leonardo__PollsPerMinute", "100000"),
            ("Leonardo__RequestsPerMinute", "10000000"),
            ("Storage__Engine", engine),
            ("Storage__ConnectionString", connection),
            ("Limits__RequestsPerSecond", "0"), // all requests come from one address
            ("Tenants__File", folder + "/tenants.json"),
            ("Admin__TokenFile", folder + "/operators"),
            .. more,
        ];
    }

    /// <summary>When it was ready last, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long ReadyAt { get; private set; }

    /// <summary>User and system time.</summary>
    public double CpuMicroseconds => _target!.Cpu.TotalMicroseconds;

    public double RssMegabytes => _target!.RssMegabytes;

    /// <summary>Every tenant of a large store, each with a token, and one operator.</summary>
    public static async Task WriteFilesAsync(string folder)
    {
        const string quota =
            """{ "requestsPerMinute": 1000000000, "imagesPerDay": 1000000000, "imagesPerMonth": 1000000000, "usdPerMonth": 1000000000, "concurrentGenerations": 1000000000 }""";
        var tenants = Enumerable
            .Range(0, Tenants)
            .Select(tenant =>
                $$"""{ "id": "{{LargeStore.Tenant(tenant)}}", "identify": { "tokens": ["sha256:{{Hash(TokenOf(tenant))}}"] }, "quota": {{quota}} }"""
            );
        await File.WriteAllTextAsync(folder + "/tenants.json", $$"""{ "tenants": [ {{string.Join(", ", tenants)}} ] }""");
        await File.WriteAllTextAsync(folder + "/operators", $"scale {OperatorToken}\n");
    }

    /// <returns>From the start of the process to the first 200 of <c>/health/ready</c>.</returns>
    public TimeSpan Start()
    {
        _target = Target.Start(
            "the gateway",
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Gateway.dll")],
            _port,
            "/health/ready",
            environment: _settings
        );
        ReadyAt = Stopwatch.GetTimestamp();
        return _target.StartUp;
    }

    public void Stop()
    {
        _target?.Dispose();
        _target = null;
    }

    /// <summary>A generation of one image; no two requests are equal.</summary>
    public Task<int> PostAsync(int number)
    {
        var body =
            $$$"""{"model":"flux-pro-2.0","public":false,"parameters":{"prompt":"{{{number}}} {{{new string('a', 420)}}}","quantity":1,"width":1440,"height":1440,"prompt_enhance":"OFF"}}""";
        var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return SendAsync(HttpMethod.Post, "/v2/generations", TokenOf(number % Tenants), content);
    }

    /// <summary>As the tenant with the longest history.</summary>
    public Task<int> GetAsync(string path) => SendAsync(HttpMethod.Get, path, TokenOf(0));

    /// <summary>Without a credential.</summary>
    public Task<int> GetAnonymouslyAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<int> GetAsOperatorAsync(string path) => SendAsync(HttpMethod.Get, path, OperatorToken);

    public void Dispose()
    {
        Stop();
        _client.Dispose();
    }

    /// <returns>The status, once the body is read; 0: no answer.</returns>
    private async Task<int> SendAsync(HttpMethod method, string path, string? token, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, _baseAddress + path) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await _client.SendAsync(request);
            return (int)response.StatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            return 0;
        }
    }

    private static string TokenOf(int tenant) => $"token-of-team-{tenant}";

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
