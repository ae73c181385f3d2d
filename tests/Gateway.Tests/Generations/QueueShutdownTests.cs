using System.Net;
using System.Text;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Generations;

/// <summary>A process that is asked to stop does not let callers wait for slots that it will not give.</summary>
public sealed class QueueShutdownTests
{
    [Fact]
    public async Task On_SIGTERM_what_waits_is_refused_at_once_and_what_was_sent_is_finished()
    {
        using var folder = new TemporaryFolder();
        await using var leonardo = await SimulatorProcess.StartAsync();
        await File.WriteAllTextAsync(
            folder["tenants.json"],
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            [.. leonardo.Settings, ("Tenants__File", folder["tenants.json"]), ("Leonardo__ConcurrentGenerations", "1")]
        );
        var sent = PostAsync(gateway, "one [sim:slow:2]");
        await Eventually.HoldsAsync(async () => (await leonardo.PostsAsync()).Count == 1);
        var waiting = Enumerable.Range(0, 3).Select(n => PostAsync(gateway, $"waiting {n}")).ToList();
        await Eventually.HoldsAsync(async () =>
            (await gateway.Client.GetStringAsync("/metrics")).Contains("gateway_queue_waiting 3", StringComparison.Ordinal)
        );

        await gateway.StopAsync();

        foreach (var refused in await Task.WhenAll(waiting))
        {
            await refused.ProblemAsync(503, "upstream-saturated");
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        }
        (await sent).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await leonardo.PostsAsync()).Count.ShouldBe(1);
    }

    private static Task<HttpResponseMessage> PostAsync(GatewayProcess gateway, string prompt) =>
        gateway.Client.PostAsync(
            "/v2/generations",
            new StringContent(
                $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{prompt}}}","width":256,"height":256}}""",
                Encoding.UTF8,
                "application/json"
            ),
            TestContext.Current.CancellationToken
        );
}
