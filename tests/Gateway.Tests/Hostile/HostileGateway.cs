using System.Net;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Hostile;

/// <summary>
/// The real process with a simulator as its upstream and one tenant, <c>team</c>, on loopback; for tests that attack
/// it.
/// </summary>
internal sealed class HostileGateway : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;

    private HostileGateway(TemporaryFolder folder, LeonardoSimulator leonardo, GatewayProcess gateway)
    {
        _folder = folder;
        Leonardo = leonardo;
        Gateway = gateway;
    }

    public LeonardoSimulator Leonardo { get; }

    public GatewayProcess Gateway { get; }

    /// <summary>The creations that Leonardo received, without the gateway's own reads.</summary>
    public IReadOnlyList<ReceivedRequest> Sent => [.. Leonardo.Received.Where(request => request.Method == "POST")];

    public string KeyFile => _folder["key"];

    public static async Task<HostileGateway> StartAsync(params (string Name, string Value)[] environment)
    {
        var folder = new TemporaryFolder();
        var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions
            {
                CreationsPerMinute = 0,
                JobSeconds = 0,
                Balance = 1_000_000m,
            },
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            folder["tenants.json"],
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "policy": { "references": "any" } }""")
        );
        await File.WriteAllTextAsync(folder["key"], leonardo.Key);
        var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            [
                ("Leonardo__ApiKeyFile", folder["key"]),
                ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
                ("Leonardo__ConcurrentGenerations", "1000"),
                ("Leonardo__GenerationsPerMinute", "100000"),
                .. environment,
            ]
        );
        return new HostileGateway(folder, leonardo, gateway);
    }

    /// <summary>A valid request is answered, and no error was logged.</summary>
    public async Task IsAliveAsync()
    {
        using var content = new StringContent(GatewayApp.Guide, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var response = await Gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, Gateway.Output);
        Gateway.Output.ShouldNotContain("\"@l\":\"Error\"", Case.Sensitive);
        Gateway.Output.ShouldNotContain("\"@l\":\"Fatal\"", Case.Sensitive);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Leonardo.DisposeAsync();
        _folder.Dispose();
    }
}
