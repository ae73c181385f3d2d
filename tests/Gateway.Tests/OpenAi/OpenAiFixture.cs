using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenAi;

/// <summary>One gateway for all rows of a table; they do not depend on each other.</summary>
public sealed class OpenAiFixture : IAsyncLifetime
{
    internal GatewayApp Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await OpenAiCalls.StartAsync();

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}
