using Gateway.Tests.Harness;

namespace Gateway.Tests.Mcp;

/// <summary>One gateway with two tenants for all tests of a class; they do not depend on each other.</summary>
public sealed class McpFixture : IAsyncLifetime
{
    internal GatewayApp Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await TwoTenants.StartAsync();

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}
