using System.Diagnostics;
using System.Globalization;
using Gateway.Edge;
using Gateway.Images;
using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tests.Harness.LargeStores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>
/// How long the ledger's writer waits for each periodic work of a large store: <c>periodic sqlite FILE</c> or
/// <c>periodic postgresql CONNECTION</c>, of a store that <c>fill</c> made. It prunes that store.
/// </summary>
internal static class PeriodicBenchmark
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    public static async Task RunAsync(string engine, string store)
    {
        await using var database = LargeStore.Open(
            Enum.Parse<StorageEngine>(engine, ignoreCase: true),
            engine.Equals("sqlite", StringComparison.OrdinalIgnoreCase) ? $"Data Source={store}" : store
        );
        await database.EnsureOpenAsync(CancellationToken.None);
        // Of 60 days a half is past its retention.
        var options = new QuotaOptions { Retention = TimeSpan.FromDays(30) };
        await using var ledger = new QuotaLedger(
            database,
            options,
            () => Tenants.QuotaLimits.Unlimited,
            _ => 1,
            TimeProvider.System,
            NullLogger<QuotaLedger>.Instance
        );
        for (var warm = 0; warm < 100; warm++)
            await ledger.Store.RunAsync(new LedgerKeys(), _ => { }, CancellationToken.None);
        Console.WriteLine("| periodic work | times | longest, ms | an empty batch of the writer beside it: p50 ms | longest ms |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (var (name, work) in Works(database, ledger, options))
            await MeasureAsync(name, work, ledger.Store);
    }

    /// <returns>Each work's next step, which returns whether there is more.</returns>
    private static IEnumerable<(string Name, Func<Task<bool>> Step)> Works(Database database, QuotaLedger ledger, QuotaOptions options)
    {
        var (time, store) = (TimeProvider.System, ledger.Store);
        var audit = new LedgerAudit(database, options, time);
        var past = new PastAudit(database, audit, ledger.Instance, options, time);
        var pruning = new LedgerPruning(database, store, options, time);
        var polls = new PollQueue(database, time);
        Guid? key = Guid.Empty;
        var results = new ResultPruner(
            database,
            new ImageStore(new ImageOptions(null, 0, 0), TimeProvider.System, NullLogger<ImageStore>.Instance),
            new WatcherOptions(TimeSpan.FromMinutes(10), 1200, TimeSpan.FromDays(30)),
            time,
            NullLogger<ResultPruner>.Instance
        );
        var month = Period.MonthOf(time.GetUtcNow() - options.Retention);
        yield return ("none", Often(() => Task.Delay(100)));
        yield return ("sweep", Often(() => store.RunAsync(new LedgerKeys { Sweep = true }, _ => { }, CancellationToken.None)));
        yield return ("audit of what changed", Often(() => audit.CheckRecentAsync(CancellationToken.None)));
        yield return ("audit of the past, a slice", Often(() => past.CheckSliceAsync(CancellationToken.None)));
        yield return ("claim of polls", Often(() => polls.ClaimAsync(32, hurry: true, CancellationToken.None)));
        yield return (
            "freeing of keys",
            async () =>
            {
                key = (await store.FreeKeysAsync(key.Value, Guid.AllBitsSet, time.GetUtcNow(), CancellationToken.None)).Last;
                return key is not null;
            }
        );
        yield return ("pruning of what was never sent", Once(() => pruning.PruneNeverSentAsync(CancellationToken.None)));
        yield return (
            "pruning of reservations",
            () => store.PruneReservationsAsync(month, Guid.CreateVersion7(Period.StartOf(month)), CancellationToken.None)
        );
        yield return ("pruning of results", Once(() => results.PruneAsync(new CancellationTokenSource(Longest).Token)));
        if (!database.Dialect.IsShared)
            yield return ("check of the whole file", Once(() => database.VerifyAsync()));
    }

    private static Func<Task<bool>> Often(Func<Task> work) =>
        async () =>
        {
            await work();
            await Task.Delay(Pause);
            return true;
        };

    private static Func<Task<bool>> Once(Func<Task> work) =>
        async () =>
        {
            try
            {
                await work();
            }
            catch (OperationCanceledException)
            {
                // Long enough.
            }
            return false;
        };

    private static async Task MeasureAsync(string name, Func<Task<bool>> step, LedgerStore store)
    {
        using var stop = new CancellationTokenSource();
        var waits = new List<double>();
        var probing = Task.Run(async () =>
        {
            do
            {
                var began = Stopwatch.GetTimestamp();
                await store.RunAsync(new LedgerKeys(), _ => { }, CancellationToken.None);
                waits.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                await Task.Delay(Pause);
            } while (!stop.IsCancellationRequested);
        });
        var (times, longest, start) = (0, 0.0, Stopwatch.GetTimestamp());
        bool isMore;
        do
        {
            var began = Stopwatch.GetTimestamp();
            isMore = await step();
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            times++;
        } while (isMore && Stopwatch.GetElapsedTime(start) < Longest);
        await stop.CancelAsync();
        await probing;
        waits.Sort();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {times} | {longest:0.0} | {waits[waits.Count / 2]:0.00} | {waits[^1]:0.0} |"
            )
        );
    }
}
