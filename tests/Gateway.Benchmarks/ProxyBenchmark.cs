using System.Globalization;
using System.Text;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Npgsql;

namespace Gateway.Benchmarks;

/// <summary>
/// The complete gateway and bare YARP in turn, with the same upstream, in one run.
/// Absolute figures depend on the machine; compare the ratios.
/// </summary>
internal static class ProxyBenchmark
{
    private const int Rounds = 3;
    private const int Connections = 32;
    private const int FixedRate = 500;

    private static readonly byte[] Guide = Post(
        $$$"""{"model":"flux-pro-2.0","public":false,"parameters":{"prompt":"{{{new string('a', 420)}}}","quantity":1,"width":1440,"height":1440,"prompt_enhance":"OFF","style_ids":["111dc692-d470-4eec-b791-3475abac4c46"]}}"""
    );

    private static readonly byte[] Invalid = Post(
        $$$"""{"model":"flux-pro-2.0","public":false,"parameters":{"prompt":"{{{new string('a', 420)}}}","quantity":9,"width":1441,"height":1440,"prompt_enhance":"OFF","style_ids":["111dc692-d470-4eec-b791-3475abac4c46"]}}"""
    );

    private static readonly byte[] Usage = Encoding.ASCII.GetBytes("GET /v1/usage HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

    private static readonly string Own = typeof(ProxyBenchmark).Assembly.Location;

    public static async Task RunAsync(TimeSpan length)
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        var upstreamPort = Ports.Free();
        using var upstream = Target.Start("upstream", [Own, "upstream", $"{upstreamPort}"], upstreamPort, "/");
        await using var server = await PostgreSqlServer.StartAsync(durable: true);
        var connection = await server.CreateDatabaseAsync();
        await File.WriteAllTextAsync(folder + "/tenants.json", TenantsFile);

        using var yarp = StartYarp(upstreamPort);
        using var sqlite = StartGateway(
            "gateway, SQLite FULL",
            upstreamPort,
            folder,
            "Sqlite",
            $"Data Source={folder}/gateway.db",
            () => []
        );
        using var postgreSql = StartGateway(
            "gateway, PostgreSQL",
            upstreamPort,
            folder,
            "PostgreSql",
            connection,
            () => ServersOf(connection)
        );
        (Target Target, string What, byte[] Request, int Status)[] runs =
        [
            (yarp, "POST passed on", Guide, 200),
            (sqlite, "generation accepted", Guide, 200),
            (postgreSql, "generation accepted", Guide, 200),
            (sqlite, "refused by validation", Invalid, 400),
            (sqlite, "GET /v1/usage", Usage, 200),
        ];

        Console.WriteLine(
            "| | | CPU us/req | x bare YARP | server's CPU us/req | req/s | p50 us | p99 us | allocated KB/req | RSS MB | ready ms |"
        );
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var rate in new int?[] { FixedRate, null })
        {
            var samples = runs.ToDictionary(run => run, _ => new List<Sample>());
            foreach (var run in runs)
                await Load.RunAsync(run.Target, run.Request, run.Status, Connections, rate, length * 2);
            for (var round = 0; round < Rounds; round++)
                foreach (var run in runs)
                    samples[run].Add(await Load.RunAsync(run.Target, run.Request, run.Status, Connections, rate, length));
            var bare = Sample.Median(samples[runs[0]]);
            foreach (var run in runs)
                PrintRow(run.Target, run.What, rate, Sample.Median(samples[run]), bare);
        }
    }

    private static void PrintRow(Target target, string what, int? rate, Sample sample, Sample bare)
    {
        var load = rate is { } fixedRate ? $"{fixedRate}/s" : $"{Connections} connections";
        var ratio = (sample.Cpu + sample.ServersCpu) / bare.Cpu;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {target.Name} | {what}, {load} | {sample.Cpu:0.0} | {ratio:0.00} | {sample.ServersCpu:0.0} | {sample.PerSecond:0} | {sample.P50:0} | {sample.P99:0} | {sample.Allocated / 1024:0.0} | {target.RssMegabytes:0} | {target.StartUp.TotalMilliseconds:0} |"
            )
        );
    }

    private static Target StartYarp(int upstreamPort)
    {
        var port = Ports.Free();
        return Target.Start("bare YARP", [Own, "yarp", $"{port}", $"http://127.0.0.1:{upstreamPort}"], port, "/");
    }

    private static Target StartGateway(
        string name,
        int upstreamPort,
        string folder,
        string engine,
        string connection,
        Func<IEnumerable<int>> servers
    )
    {
        var port = Ports.Free();
        return Target.Start(
            name,
            [Path.Combine(AppContext.BaseDirectory, "Gateway.dll")],
            port,
            "/health/ready",
            servers,
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"),
            ("Leonardo__ApiKey", "11111111-2222-3333-4444-555555555555"),
            ("Leonardo__BaseUrl", $"http://127.0.0.1:{upstreamPort}/api/rest"),
            ("Leonardo__ConcurrentGenerations", "1000000"),
            ("Leonardo__GenerationsPerMinute", "100000000"),
            ("Storage__Engine", engine),
            ("Storage__ConnectionString", connection),
            ("Limits__RequestsPerSecond", "0"), // all requests come from one address
            ("Tenants__File", folder + "/tenants.json")
        );
    }

    private const string TenantsFile = """
        { "organization": { "quota": { "imagesPerDay": 1000000000, "imagesPerMonth": 1000000000, "usdPerMonth": 1000000000 } },
          "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] },
            "quota": { "requestsPerMinute": 1000000000, "imagesPerDay": 1000000000, "imagesPerMonth": 1000000000, "usdPerMonth": 1000000000, "concurrentGenerations": 1000000000 } } ] }
        """;

    /// <summary>The process of the server that listens on this port, and those of its connections.</summary>
    private static IEnumerable<int> ServersOf(string connection)
    {
        var port = new NpgsqlConnectionStringBuilder(connection).Port.ToString(CultureInfo.InvariantCulture);
        var all = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit)).ToList();
        var main = all.FirstOrDefault(id =>
            Read($"/proc/{id}/cmdline") is var line
            && line.StartsWith("/usr/lib/postgresql", StringComparison.Ordinal)
            && line.Contains($"-p\0{port}", StringComparison.Ordinal)
        );
        return all.Where(id =>
                id == main
                || Read($"/proc/{id}/stat").Contains($") S {main} ", StringComparison.Ordinal)
                || Read($"/proc/{id}/stat").Contains($") R {main} ", StringComparison.Ordinal)
            )
            .Select(id => int.Parse(id!, CultureInfo.InvariantCulture));
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static byte[] Post(string body) =>
        Encoding.ASCII.GetBytes(
            $"POST /v2/generations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"
        );
}
