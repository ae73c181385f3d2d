using System.Diagnostics;
using System.Globalization;
using Gateway.Benchmarks.Proxy;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Benchmarks;

/// <summary>
/// <c>anonymous [SECONDS=10]</c>: a tenant's POST alone, and beside eight callers without a tenant that read the
/// OpenAPI document all the time: with the rate of such callers lifted, so that the documents alone count, and as it
/// is by default.
/// </summary>
internal static class AnonymousBenchmark
{
    private const int Readers = 8;
    private const string Document = "/swagger/v1/swagger.json";

    public static async Task RunAsync(string[] arguments)
    {
        var length = TimeSpan.FromSeconds(arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 10);
        using var folder = new TemporaryFolder();
        await ScaleGateway.WriteFilesAsync(folder.Path);
        var upstreamPort = Ports.Free();
        using var upstream = Target.Start(
            "upstream",
            ["dotnet", typeof(AnonymousBenchmark).Assembly.Location, "upstream", $"{upstreamPort}"],
            upstreamPort,
            Upstream.CountsPath
        );
        Console.WriteLine("| rate of callers without a tenant | POST alone, p50 ms | beside 8 readers, p50 ms | ratio | documents/s |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (var (name, rate) in ((string, string)[])[("lifted", "0"), ("default", "50")])
        {
            using var gateway = new ScaleGateway(
                folder.Path,
                upstreamPort,
                "Sqlite",
                $"Data Source={folder[$"{name}.db"]}",
                ("Limits__AnonymousRequestsPerSecond", rate)
            );
            gateway.Start();
            await PostAsync(gateway, length);
            var quiet = await PostAsync(gateway, length);
            using var stop = new CancellationTokenSource();
            var readers = Enumerable.Range(0, Readers).Select(_ => ReadAsync(gateway, stop.Token)).ToArray();
            var loaded = await PostAsync(gateway, length);
            await stop.CancelAsync();
            var read = (await Task.WhenAll(readers)).Sum();
            Console.WriteLine(
                FormattableString.Invariant(
                    $"| {name} | {quiet:0.00} | {loaded:0.00} | {loaded / quiet:0.00} | {read / length.TotalSeconds:0} |"
                )
            );
        }
    }

    /// <returns>The median of one request after the other, in milliseconds.</returns>
    private static async Task<double> PostAsync(ScaleGateway gateway, TimeSpan length)
    {
        var times = new List<double>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < length)
        {
            var sent = Stopwatch.GetTimestamp();
            if (await gateway.PostAsync(Random.Shared.Next()) is var status and not 200)
                throw new InvalidOperationException($"A POST was answered {status}.");
            times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            await Task.Delay(20);
        }
        times.Sort();
        return times[times.Count / 2];
    }

    /// <returns>How many documents were read, refusals left out.</returns>
    private static async Task<int> ReadAsync(ScaleGateway gateway, CancellationToken cancellationToken)
    {
        var read = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await gateway.GetAnonymouslyAsync(Document) == 200)
                read++;
        }
        return read;
    }
}
