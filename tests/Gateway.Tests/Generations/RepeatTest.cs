using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.Generations;

/// <summary>A gateway in a process of its own, its upstream, and callers without an Idempotency-Key.</summary>
public abstract class RepeatTest : IAsyncLifetime
{
    private (string Name, string Value)[] _store = [];

    private protected TemporaryFolder Folder { get; } = new();
    private protected LeonardoSimulator Leonardo { get; private set; } = null!;
    private protected GatewayProcess Gateway { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        try
        {
            _store = await StoreAsync();
        }
        catch
        {
            // A test that is skipped here is not disposed.
            Folder.Dispose();
            throw;
        }
        Leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions
            {
                CreationsPerMinute = 0,
                Slots = 10_000,
                Pending = 10_000,
            }
        );
        await File.WriteAllTextAsync(
            Folder["tenants.json"],
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }""")
        );
        Gateway = await StartGatewayAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Leonardo.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The settings of the store that all gateways of the test use.</summary>
    private protected virtual Task<(string Name, string Value)[]> StoreAsync() =>
        Task.FromResult<(string Name, string Value)[]>([("Storage__ConnectionString", $"Data Source={Folder["gateway.db"]}")]);

    private protected Task<GatewayProcess> StartGatewayAsync(params (string Name, string Value)[] settings) =>
        GatewayProcess.StartAsync(
            Folder.Path,
            [
                ("Leonardo__ApiKey", Leonardo.Key),
                ("Leonardo__BaseUrl", Leonardo.BaseUrl.AbsoluteUri),
                ("Leonardo__ImageOrigins__0", Leonardo.Address.GetLeftPart(UriPartial.Authority)),
                ("Leonardo__ConcurrentGenerations", "10000"),
                ("Leonardo__GenerationsPerMinute", "100000"),
                ("Limits__RequestsPerSecond", "0"),
                ("Tenants__File", Folder["tenants.json"]),
                .. _store,
                .. settings,
            ]
        );

    private protected Task<HttpResponseMessage> PostAsync(string prompt, bool close = false) => SendAsync(Gateway.Client, prompt, close);

    private protected static async Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        string prompt,
        bool close = false,
        CancellationToken cancellationToken = default
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/generations")
        {
            Version = client.BaseAddress!.Scheme == Uri.UriSchemeHttps ? HttpVersion.Version20 : HttpVersion.Version11,
            Content = new StringContent(Body(prompt), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.ConnectionClose = close;
        return await client.SendAsync(request, cancellationToken);
    }

    /// <summary>A shorter request is not waited for: who asks again so soon has not seen a time-out.</summary>
    private protected async Task IsRunningForAWhileAsync()
    {
        await Eventually.HoldsAsync(() => Leonardo.Received.Count == 1);
        await Task.Delay(3 * RepeatRules.LongRequest, TestContext.Current.CancellationToken);
    }

    /// <summary>As a client whose time is up.</summary>
    private protected static async Task SendAndCloseAsync(Uri gateway, string prompt, TimeSpan after)
    {
        using var connection = await RawConnection.OpenAsync(gateway);
        await connection.SendAsync(Raw(prompt));
        // Not a wait for a condition: the moment is what is tested.
        await Task.Delay(after, TestContext.Current.CancellationToken);
    }

    /// <summary>
    /// A caller of the gateway who goes while its request runs. The server does not see it before it answers: it stops
    /// reading from a connection of which it has a megabyte already.
    /// </summary>
    private protected async Task LeaveUnnoticedAsync(string prompt)
    {
        using var connection = await RawConnection.OpenAsync(Gateway.Address);
        await connection.SendAsync(Raw(prompt) + new string('x', 1024 * 1024 + 1000));
        await IsRunningForAWhileAsync();
    }

    /// <summary>
    /// 200 callers of the gateway who go in the moment of their answer, before it or after it, and ask again at once.
    /// </summary>
    /// <param name="again">Where they ask again.</param>
    /// <returns>How many they were.</returns>
    private protected async Task<int> GoInTheMomentOfTheAnswerAsync(HttpClient again)
    {
        const int lanes = 20;
        const int rounds = 10;
        await Task.WhenAll(
            Enumerable
                .Range(0, lanes)
                .Select(async lane =>
                {
                    for (var round = 0; round < rounds; round++)
                    {
                        var prompt = $"cat {lane} {round}";
                        Leonardo.ScriptNext("slow:0.4");
                        await SendAndCloseAsync(Gateway.Address, prompt, TimeSpan.FromSeconds(0.4 + 0.003 * (round - 3)));
                        using var repeat = await SendAsync(again, prompt);
                        repeat.EnsureSuccessStatusCode();
                    }
                })
        );
        return lanes * rounds;
    }

    /// <summary>The images of this day, as a gateway reports them.</summary>
    private protected static async Task<(long Used, long Held)> UsageAsync(HttpClient client)
    {
        using var response = await client.GetAsync("/v1/usage", TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        var quotas = (await response.JsonAsync())["quotas"]!.AsArray();
        var day = quotas.Single(quota => quota!["name"]!.GetValue<string>() == "images-day")!;
        return (day["used"]!.GetValue<long>(), day["held"]!.GetValue<long>());
    }

    private protected static string Raw(string prompt, string headers = "") =>
        $"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}Content-Length: {Body(prompt).Length}\r\n\r\n{Body(prompt)}";

    private protected static string Body(string prompt) => $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{prompt}}}"}}""";

    private protected static async Task<string> IdAsync(HttpResponseMessage answer) =>
        (await answer.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
}
