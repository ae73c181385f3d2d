using System.Globalization;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// The disk below SQLite fails, is full, is slow, or the process ends in one of its calls, while a crowd orders. At the
/// end the ledger, Leonardo's invoice and the answers must agree. <c>STORAGE_FAULTS</c> sets how many faults.
/// </summary>
public sealed class StorageFaultTests
{
    private const long ImagesPerDay = 600;

    /// <summary>The simulator's invoice keeps the last 50,000 requests.</summary>
    private const int FaultsPerStore = 50;

    /// <summary>The exit code after SIGKILL; <c>strace</c> ends as its gateway did.</summary>
    private const int Killed = 128 + 9;

    private static int Faults => int.Parse(Environment.GetEnvironmentVariable("STORAGE_FAULTS") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Whatever_call_the_disk_fails_nothing_is_lost_or_sent_twice()
    {
        Tools.NeedLinux();
        Tools.Need("strace");
        for (var left = Faults; left > 0; left -= FaultsPerStore)
            await RunAsync(Math.Min(left, FaultsPerStore), Random.Shared.Next());
    }

    private static async Task RunAsync(int faults, int seed)
    {
        await using var fleet = await GatewayCluster.CreateAsync([
            GatewayCluster.Tenant("free"),
            GatewayCluster.Tenant("images", $$"""{ "imagesPerDay": {{ImagesPerDay}} }"""),
        ]);
        using var crowd = new Crowd(["free", "images"], () => fleet.Addresses, seed);
        using var stop = new CancellationTokenSource();
        var load = crowd.RunAsync(8, stop.Token);
        var random = new Random(seed);
        var hits = new List<StorageFault>();
        for (var tries = 0; hits.Count < faults && tries < 5 * faults; tries++)
        {
            var fault = StorageFault.Next(random);
            if (await HitAsync(fleet, fault, random))
                hits.Add(fault);
        }
        fleet.Within = [];
        await fleet.StartAsync();
        await stop.CancelAsync();
        await load;
        await crowd.NothingIsHeldAsync();
        await crowd.RepeatAsync();
        var books = await crowd.MustHaveBeenServedExactlyAsync(fleet);
        books.ShouldNeverExceed("images", entry => entry.Images, ImagesPerDay);
        crowd.MustKnow(await fleet.Simulator.InvoiceAsync());
        hits.Count.ShouldBe(faults);
        var kinds = hits.GroupBy(hit => $"{hit.Call} {hit.Fault}{(hit.LastsOn ? " and all after it" : "")}", StringComparer.Ordinal)
            .OrderBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => $"{kind.Count()} x {kind.Key}");
        Console.WriteLine(
            $"{faults} faults, {books.Entries.Count} reservations, {books.In('S').Count()} settled, nothing lost, over-admitted, sent or paid twice (seed {seed}): {string.Join(", ", kinds)}"
        );
    }

    /// <returns>Whether the gateway made that call.</returns>
    private static async Task<bool> HitAsync(GatewayCluster fleet, StorageFault fault, Random random)
    {
        var trace = Path.Combine(fleet.Folder, "trace");
        File.Delete(trace);
        fleet.Within = fault.Within(trace);
        await fleet.StartAsync(ready: false);
        // As long as it takes to start within strace, and a moment.
        await Task.Delay(random.Next(2000, 4000));
        if (!fault.Kills)
            fleet[0].HasExited.ShouldBeFalse($"{fault}: {fleet[0].Output}");
        if (fault.Passes)
            await Outage.MustEndAsync(fleet[0]);
        // Half of them end as an operator ends them: then SQLite empties its log.
        if (!fleet[0].HasExited && random.Next(2) == 0)
            await StopAsync(fleet[0]);
        var isHit = fault.Kills ? fleet[0] is { HasExited: true, ExitCode: Killed } : StorageFault.HasHit(trace);
        await fleet.KillAsync(0);
        return isHit;
    }

    private static async Task StopAsync(GatewayProcess gateway)
    {
        try
        {
            await ProcessSignal.SendAsync("TERM", PowerCut.ChildOf(gateway.Id));
        }
        catch (Exception gone) when (gone is IOException or FormatException)
        {
            // A fault has ended it in between.
        }
        await gateway.HasExitedAsync();
    }
}
