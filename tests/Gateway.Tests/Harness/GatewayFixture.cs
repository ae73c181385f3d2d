namespace Gateway.Tests.Harness;

/// <summary>One gateway for all tests of a class; they do not depend on each other.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    internal GatewayApp Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await GatewayApp.StartAsync();

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}
