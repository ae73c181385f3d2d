using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Tests.Harness;
using Microsoft.Data.Sqlite;
using static Gateway.Tests.Harness.LedgerHarness;

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

    /// <summary>Otherwise one of the next commits would write all of it.</summary>
    [Fact]
    public async Task What_pruning_changed_is_in_the_file_itself()
    {
        await using var harness = new SqliteHarness();
        var ledger = await harness.StartAsync(harness.Options with { ConcurrentGenerations = 1 });
        await ledger.AdmittedAsync(Request(Tenant("a")));
        await NeverSentContract.AbandonAsync(ledger, Tenant("a"));
        await harness.AdvanceAsync(TimeSpan.FromMinutes(3));
        await ledger.SweepAsync();

        await new LedgerPruning(harness.DatabaseOf(ledger), ledger.Store, harness.Options, harness.Time).PruneNeverSentAsync(
            CancellationToken.None
        );

        await Eventually.HoldsAsync(async () => await CountInFileAsync(harness.File) == 1);
    }

    /// <summary>Without the log.</summary>
    private static async Task<long> CountInFileAsync(string file)
    {
        var copy = $"{file}.{Guid.NewGuid():N}";
        File.Copy(file, copy);
        await using var connection = new SqliteConnection($"Data Source={copy};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var count = connection.CreateCommand();
        count.CommandText = "select count(*) from never_sent";
        return (long)(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
