using System.Diagnostics;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Deploy;

/// <summary>A Prometheus that scrapes one gateway twice a second and evaluates the shipped rules.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client;
    private readonly Process _process;

    private PrometheusServer(Uri gateway)
    {
        var port = Ports.Free();
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        File.WriteAllText(
            _folder["prometheus.yml"],
            $$"""
            global: { scrape_interval: 500ms, evaluation_interval: 500ms, external_labels: { gateway: "https://img.example.internal" } }
            rule_files: ["{{Repository.Path("deploy/prometheus/alerts.yml")}}"]
            scrape_configs:
              - job_name: leonardo-gateway
                static_configs: [{ targets: ["{{gateway.Authority}}"] }]
            """
        );
        _process = Process.Start(
            new ProcessStartInfo(
                "prometheus",
                [
                    $"--config.file={_folder["prometheus.yml"]}",
                    $"--storage.tsdb.path={_folder["data"]}",
                    $"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=error",
                ]
            )
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        // Its own pipes: one that it inherited would keep the caller of these tests waiting.
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts it, and waits until it has scraped the gateway some times and evaluated every rule.</summary>
    public static async Task<PrometheusServer> StartAsync(Uri gateway)
    {
        var server = new PrometheusServer(gateway);
        try
        {
            await Eventually.HoldsAsync(server.HasScrapedAsync);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> HasScrapedAsync()
    {
        try
        {
            var scrapes = await QueryAsync("count_over_time(up{job=\"leonardo-gateway\"}[1m]) >= 3");
            return scrapes.AsArray().Count > 0 && (await RulesAsync()).TrueForAll(rule => Text(rule, "health") != "unknown");
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <returns>The <c>result</c> of an instant query now.</returns>
    public async Task<JsonNode> QueryAsync(string expression) =>
        (await GetAsync("query?query=" + Uri.EscapeDataString(expression)))["result"]!;

    public async Task<List<JsonNode>> RulesAsync() =>
        [.. (await GetAsync("rules"))["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!)];

    public static string? Text(JsonNode node, string member) => node[member]?.GetValue<string>();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await _client.GetAsync("/api/v1/" + path, TestContext.Current.CancellationToken);
        // Before it is ready it answers with text.
        if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
            throw new HttpRequestException("Prometheus is not ready.");
        var body = await answer.JsonAsync();
        Text(body, "status").ShouldBe("success", $"{path}: {Text(body, "error")}");
        return body["data"]!;
    }
}
