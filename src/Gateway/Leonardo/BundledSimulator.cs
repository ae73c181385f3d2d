using Gateway.Leonardo.Key;
using Gateway.Leonardo.Origins;
using Leonardo.Simulator;

namespace Gateway.Leonardo;

/// <summary>Runs the simulator in this process as the upstream. It starts before the server accepts requests.</summary>
internal sealed class BundledSimulator(LeonardoAddress address, LeonardoKey key, LeonardoOrigins origins) : IHostedService, IAsyncDisposable
{
    private LeonardoSimulator? _simulator;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _simulator = await LeonardoSimulator.StartAsync(cancellationToken: cancellationToken);
        address.UseSimulator(_simulator.BaseUrl);
        key.UseSimulator(_simulator.Key);
        origins.UseSimulator(_simulator.Address);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _simulator?.DisposeAsync() ?? ValueTask.CompletedTask;
}
