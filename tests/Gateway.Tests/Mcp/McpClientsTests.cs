using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Mcp;

/// <summary>The clients that hosts are built on, for both revisions of the protocol (tests/mcp/clients.mjs).</summary>
public sealed class McpClientsTests
{
    [Fact]
    public async Task Two_clients_of_both_revisions_make_wait_for_read_and_delete_images_and_understand_every_refusal()
    {
        await using var quick = await StartAsync(1);
        await using var slow = await StartAsync(60);
        var running = NodeScript.RunAsync("mcp", "clients.mjs", AddressOf(quick), AddressOf(slow));
        await quick.PassAsync(
            () =>
            {
                slow.Time.Advance(TimeSpan.FromMilliseconds(500));
                return running.IsCompleted;
            },
            pace: 10
        );
        await running;
    }

    private static Task<GatewayApp> StartAsync(double jobSeconds)
    {
        var tenants = JsonNode.Parse(TwoTenants.WithQuotas("{}", """{ "imagesPerDay": 4 }"""))!;
        tenants["tenants"]!.AsArray().Add(JsonNode.Parse("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""));
        return GatewayApp.StartAsync(
            tenants.ToJsonString(),
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = jobSeconds }
        );
    }

    private static string AddressOf(GatewayApp gateway) => gateway.Address.AbsoluteUri.TrimEnd('/');
}
