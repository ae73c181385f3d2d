namespace Gateway.Tests.Harness;

/// <summary>One gateway for a class of tests that leave nothing behind.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    internal GatewayApp Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await GatewayApp.StartAsync();

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}
