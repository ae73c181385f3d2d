using Gateway.Tests.Hostile;

namespace Gateway.Tests.RawSocket;

/// <summary>One real process for a class of tests, which must still be alive and healthy at the end.</summary>
public sealed class HostileGatewayFixture : IAsyncLifetime
{
    internal HostileGateway Process { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Process = await HostileGateway.StartAsync();
        await Process.IsAliveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Process.IsAliveAsync();
        await Process.DisposeAsync();
    }
}
