using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Ledger;

public sealed class LedgerKeeperTests
{
    /// <summary>A writer that has stopped answers nobody, and the clock of a test does not go on by itself: it would be waited for for ever.</summary>
    [Fact]
    public async Task It_stops_when_it_is_told_though_its_sweep_is_never_answered()
    {
        await using var harness = new SqliteHarness();
        var ledger = await harness.StartAsync();
        var asked = new TaskCompletionSource();
        var keeper = new LedgerMaintenance(
            harness.DatabaseOf(ledger),
            ledger.Store,
            harness.Options,
            () =>
            {
                asked.TrySetResult();
                return new TaskCompletionSource<int>().Task;
            },
            harness.Time,
            new TestLog<QuotaLedger>()
        );
        using var stop = new CancellationTokenSource();
        var running = keeper.RunAsync(stop.Token);
        await harness.TurnUntilAsync(asked.Task);

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
