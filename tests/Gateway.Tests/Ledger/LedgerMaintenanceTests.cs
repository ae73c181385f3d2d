using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Ledger;

public sealed class LedgerMaintenanceTests
{
    /// <summary>
    /// A writer that has stopped completes no sweep, and a test clock that stands still ends no wait.
    /// </summary>
    [Fact]
    public async Task Maintenance_stops_even_if_its_sweep_never_ends()
    {
        await using var harness = new SqliteHarness();
        var ledger = await harness.StartAsync();
        var asked = new TaskCompletionSource();
        var maintenance = new LedgerMaintenance(
            harness.DatabaseOf(ledger),
            ledger.Store,
            harness.Options,
            ledger.Instance,
            () =>
            {
                asked.TrySetResult();
                return new TaskCompletionSource<int>().Task;
            },
            harness.Time,
            TestLog.CreateLogger<QuotaLedger>()
        );
        using var stop = new CancellationTokenSource();
        var running = maintenance.RunAsync(stop.Token);
        await harness.TurnUntilAsync(asked.Task);

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
