using Gateway.Leonardo.Key;
using Gateway.Leonardo.Origins;
using Leonardo.Simulator;

namespace Gateway.Leonardo;

/// <summary>Runs the simulator in this process and makes it the upstream. Starts before the server takes requests.</summary>
internal sealed class BundledSimulator(LeonardoAddress address, LeonardoKey key, LeonardoOrigins origins) : IHostedService, IAsyncDisposable
{
    private LeonardoSimulator? _simulator;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _simulator = await LeonardoSimulator.StartAsync(ct: cancellationToken);
        address.UseSimulators(_simulator.BaseUrl);
        key.UseSimulators(_simulator.Key);
        origins.UseSimulators(_simulator.Address);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _simulator?.DisposeAsync() ?? ValueTask.CompletedTask;
}
