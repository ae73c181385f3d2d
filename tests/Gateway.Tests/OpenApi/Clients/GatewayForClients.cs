using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>
/// A process with a real clock and two tenants with tokens: <c>a</c>, and <c>b</c> with one image a day.
/// </summary>
public sealed class GatewayForClients : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private GatewayProcess _gateway = null!;

    public Uri Address => _gateway.Address;

    public Task<string> ReadAsync(string path) => _gateway.Client.GetStringAsync(path, TestContext.Current.CancellationToken);

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(
            _folder["tenants.json"],
            TwoTenants.WithQuotas("{}", """{ "imagesPerDay": 1 }"""),
            TestContext.Current.CancellationToken
        );
        _gateway = await GatewayProcess.StartAsync(_folder.Path, ("Leonardo__Simulator", "true"));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _folder.Dispose();
    }
}
