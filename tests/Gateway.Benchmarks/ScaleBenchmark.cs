using System.Diagnostics;
using System.Globalization;
using Gateway.Benchmarks.Proxy;
using Gateway.Ledger.Rules;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.LargeStores;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Benchmarks;

/// <summary>
/// The complete gateway on an empty store and on a large one, side by side in one run: what the machine does to one it
/// does to the other.
/// </summary>
internal static class ScaleBenchmark
{
    private const int Starts = 3;
    private const int PerSecond = 20;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    /// <summary>As long as reports are read beside the admissions.</summary>
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(30);

    /// <summary>As often as a monitoring system reads the metrics.</summary>
    private static readonly TimeSpan ScrapeInterval = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(int reservations, StorageEngine engine, TimeSpan length)
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await ScaleGateway.WriteFilesAsync(folder);
        await using var server = engine == StorageEngine.PostgreSql ? await PostgreSqlServer.StartAsync(durable: true) : null;
        ScaleStore[] stores =
        [
            await ScaleStore.CreateAsync(folder, "empty", server),
            await ScaleStore.CreateAsync(folder, "large", server),
        ];
        await stores[0].OpenAsync();
        var clock = Stopwatch.StartNew();
        await stores[1].FillAsync(reservations);
        var filled = clock.Elapsed;
        var bytes = await stores[1].BytesAsync();
        // What the disk still has to write would delay the starts.
        using (var sync = Process.Start("sync"))
            await sync.WaitForExitAsync();
        Progress($"{reservations} reservations in {filled.TotalSeconds:0} s");

        var upstreamPort = Ports.Free();
        using var upstream = Target.Start(
            "upstream",
            ["dotnet", typeof(ScaleBenchmark).Assembly.Location, "upstream", $"{upstreamPort}"],
            upstreamPort,
            Upstream.CountsPath
        );
        using var empty = new ScaleGateway(folder, upstreamPort, $"{engine}", stores[0].Connection);
        using var large = new ScaleGateway(folder, upstreamPort, $"{engine}", stores[1].Connection);
        var report = new ScaleReport(string.Create(CultureInfo.InvariantCulture, $"{reservations:N0} reservations"));
        report.Add("ready, ms (median of three starts)", Start([empty, large]), "0");
        await MeasureAsync(report, [empty, large], stores, bytes, reservations, length);
        large.Stop();
        await MeasureDiskAsync(report, folder, length);
        report.AddNote($"{engine}, filled in {filled.TotalSeconds:0} s, {PerSecond} generations/s for {length.TotalSeconds:0} s.");
        report.Print();
    }

    private static async Task MeasureAsync(
        ScaleReport report,
        ScaleGateway[] gateways,
        ScaleStore[] stores,
        long bytes,
        int reservations,
        TimeSpan length
    )
    {
        var load = new ScaleLoad(gateways);
        await load.RunAsync(PerSecond, WarmUp);
        var began = DateTimeOffset.UtcNow;
        var (cpu, serverCpu) = (gateways.Select(gateway => gateway.CpuMicroseconds).ToArray(), await ServerCpuAsync(stores));
        ScaleLatencies[] admissions;
        using (var scraping = new CancellationTokenSource())
        {
            var scrapes = ScrapeAsync(gateways, scraping.Token);
            admissions = await load.RunAsync(PerSecond, length);
            await scraping.CancelAsync();
            await scrapes;
        }
        var admitted = admissions.Select(one => (double)one.Count).ToArray();
        AddAdmissions(report, admissions);
        report.Add("CPU of the gateway for each, µs", PerAnswer(gateways.Select(gateway => gateway.CpuMicroseconds), cpu, admitted), "0");
        if (stores[0].Engine == StorageEngine.PostgreSql)
            report.Add("CPU of PostgreSQL's processes for each, µs", PerAnswer(await ServerCpuAsync(stores), serverCpu, admitted), "0");
        Progress($"{length.TotalSeconds:0} s of admissions");

        var half = began + (DateTimeOffset.UtcNow - began) / 2;
        var beside = load.RunAsync(PerSecond, Reading);
        await AddReadsAsync(report, load, gateways, [half, began.AddDays(-30)]);
        Progress("reports");
        report.Add("longest admission beside these reports, ms", [.. (await beside).Select(one => one.Longest)]);
        report.Add("RSS, MB", [.. gateways.Select(gateway => gateway.RssMegabytes)], "0");
        report.AddLarge("disk for a million reservations, MB", bytes / (double)reservations, "0");
        report.AddSlowest("empty", admissions[0], gateways[0].ReadyAt);
        report.AddSlowest("large", admissions[1], gateways[1].ReadyAt);
        await MeasureAloneAsync(report, gateways, length);
    }

    /// <summary>Two gateways delay each other; how long an admission takes at most is seen with one.</summary>
    private static async Task MeasureAloneAsync(ScaleReport report, ScaleGateway[] gateways, TimeSpan length)
    {
        gateways[0].Stop();
        var load = new ScaleLoad([gateways[1]]);
        await load.RunAsync(PerSecond, WarmUp);
        var admissions = (await load.RunAsync(PerSecond, length))[0];
        report.AddLarge("admission while no other gateway runs, p50 ms", admissions.Quantile(0.5), "0.00");
        report.AddLarge("longest admission while no other gateway runs, ms", admissions.Longest, "0.0");
        report.AddLarge("answers other than 200 then", admissions.Refused, "0");
        report.AddSlowest("large, alone", admissions, gateways[1].ReadyAt);
        Progress("alone");
    }

    /// <summary>A gateway can be no faster than the disk: each admission waits for one flush.</summary>
    private static async Task MeasureDiskAsync(ScaleReport report, string folder, TimeSpan length)
    {
        var disk = await ScaleDisk.RunAsync(folder, PerSecond, length);
        report.AddLarge("the disk alone, no gateway running: a flush, p50 ms", disk.Quantile(0.5), "0.00");
        report.AddLarge("longest of these, ms", disk.Longest, "0.0");
        Progress("the disk alone");
    }

    private static void AddAdmissions(ScaleReport report, ScaleLatencies[] admissions)
    {
        report.Add("admission, p50 ms", [.. admissions.Select(one => one.Quantile(0.5))], "0.00");
        report.Add("admission, p99 ms", [.. admissions.Select(one => one.Quantile(0.99))]);
        report.Add("longest admission, ms", [.. admissions.Select(one => one.Longest)]);
        report.Add("longest admission without delays of the load generator, ms", [.. admissions.Select(one => one.LongestSinceSent)]);
        report.Add(
            "longest admission beyond those of the other gateway at that moment, ms",
            [admissions[0].LongestBeyond(admissions[1]), admissions[1].LongestBeyond(admissions[0])]
        );
        report.Add("longest gap between two answers, ms", [.. admissions.Select(one => one.LongestGap)]);
        report.Add("answers other than 200", [.. admissions.Select(one => (double)one.Refused)], "0");
        report.Add("of these 503", [.. admissions.Select(one => (double)one.Unavailable)], "0");
    }

    /// <param name="deep">Where the deep page begins, in each store.</param>
    private static async Task AddReadsAsync(ScaleReport report, ScaleLoad load, ScaleGateway[] gateways, DateTimeOffset[] deep)
    {
        var today = DateTimeOffset.UtcNow;
        var pages = deep.Select(at => new PageCursor(at.Micros(), $"{Guid.AllBitsSet}").Write(LargeStore.Tenant(0))).ToArray();
        report.AddReads("/v1/usage", await load.ReadAsync(gateway => gateway.GetAsync("/v1/usage"), 300));
        report.AddReads("/v1/generations?limit=100", await load.ReadAsync(gateway => gateway.GetAsync("/v1/generations?limit=100"), 100));
        report.AddReads(
            "/v1/generations?limit=100&after=…",
            await load.ReadAsync(
                gateway => gateway.GetAsync($"/v1/generations?limit=100&after={pages[Array.IndexOf(gateways, gateway)]}"),
                100
            )
        );
        var usage = $"/admin/usage?from={Period.DayOf(today.AddDays(-60))}&to={Period.DayOf(today)}";
        report.AddReads("/admin/usage of 60 days", await load.ReadAsync(gateway => gateway.GetAsOperatorAsync(usage), 20));
        report.AddReads("/metrics", await load.ReadAsync(gateway => gateway.GetAsOperatorAsync("/metrics"), 50));
    }

    /// <returns>Milliseconds: medians. The last start of each keeps running.</returns>
    private static double[] Start(ScaleGateway[] gateways)
    {
        var took = gateways.Select(_ => new List<double>()).ToArray();
        for (var n = 0; n < Starts; n++)
        {
            for (var to = 0; to < gateways.Length; to++)
            {
                gateways[to].Stop();
                took[to].Add(gateways[to].Start().TotalMilliseconds);
            }
        }
        return [.. took.Select(one => one.Order().ElementAt(Starts / 2))];
    }

    private static async Task ScrapeAsync(ScaleGateway[] gateways, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ScrapeInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
                await Task.WhenAll(gateways.Select(gateway => gateway.GetAsOperatorAsync("/metrics")));
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    private static async Task<double[]> ServerCpuAsync(ScaleStore[] stores) =>
        await Task.WhenAll(stores.Select(store => store.ServerCpuAsync()));

    private static double[] PerAnswer(IEnumerable<double> after, double[] before, double[] answers) =>
        [.. after.Zip(before, answers).Select(one => (one.First - one.Second) / one.Third)];

    private static void Progress(string done) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:HH:mm:ss} {done}"));
}
