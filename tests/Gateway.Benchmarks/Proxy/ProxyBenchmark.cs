using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Benchmarks.Proxy;

/// <summary>
/// The complete gateway, bare YARP and nginx in turn, with the same upstream, in one run. Absolute figures depend on
/// the machine; compare the ratios.
/// </summary>
internal static class ProxyBenchmark
{
    private const string Forwarded = "POST passed on";

    public static async Task RunAsync(BenchmarkOptions options)
    {
        using var temporary = new TemporaryFolder();
        using var upstream = Targets.StartUpstream(Ports.Free());
        await using var server = await PostgreSqlServer.StartAsync(durable: true);
        using var targets = new Targets(upstream.Port, temporary.Path);
        var generations = new Generations(upstream.Port);

        Report.PrintHeader(options);
        var gateways = await StartGatewaysAsync(options, targets, temporary, server);
        var rows = Rows(targets, gateways, generations);
        foreach (var row in rows)
            row.WarmUp(generations);

        foreach (var load in Load.All)
        {
            var samples = rows.ToDictionary(row => row, _ => new Samples());
            for (var round = -1; round < options.Rounds; round++)
            {
                foreach (var row in rows)
                {
                    var sample = row.Measure(load, round < 0 ? options.Length / 2 : options.Length, generations);
                    // The first one warms up what this load needs.
                    if (round >= 0)
                        samples[row].Add(sample);
                }
            }
            Report.PrintProxyHead(load);
            foreach (var row in rows)
                Report.PrintProxyRow(row, samples[row], samples[rows[0]], samples[rows[1]]);
        }
        Console.WriteLine();
        // The generation that is read was created before the measurements.
        var created = gateways.ToDictionary(gateway => gateway.Target, gateway => gateway == gateways[0] ? 1 : 0);
        foreach (var gateway in gateways)
            gateway.Verify(created[gateway.Target] + rows.Where(row => row.Target == gateway.Target).Sum(row => row.Accepted));
    }

    private static async Task<List<MeasuredGateway>> StartGatewaysAsync(
        BenchmarkOptions options,
        Targets targets,
        TemporaryFolder folder,
        PostgreSqlServer server
    )
    {
        var database = await server.CreateDatabaseAsync();
        List<MeasuredGateway> gateways =
        [
            targets.StartSqlite("gateway, SQLite", folder["gateway.db"]),
            targets.StartPostgreSql("gateway, PostgreSQL", database),
        ];
        if (options.Store is { } file)
            gateways.Add(targets.StartSqlite("gateway, SQLite, large", file));
        if (options.PostgreSql is { } connection)
            gateways.Add(targets.StartPostgreSql("gateway, PostgreSQL, large", connection, isFilled: true));
        return gateways;
    }

    /// <summary>The first two are the bases of the ratios.</summary>
    private static List<Row> Rows(Targets targets, List<MeasuredGateway> gateways, Generations generations)
    {
        List<Row> rows =
        [
            Row.Plain(targets.StartYarp("bare YARP"), Forwarded, Requests.Guide),
            Row.Plain(
                targets.StartYarp("bare YARP without spinning", ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0")),
                Forwarded,
                Requests.Guide
            ),
        ];
        if (targets.StartNginx() is { } nginx)
            rows.Add(Row.Plain(nginx, Forwarded, Requests.Guide));
        else
            Report.Print($"nginx is not installed: there is no row for it.\n");
        foreach (var gateway in gateways)
        {
            rows.Add(Row.Creation(gateway.Target, 1));
            rows.Add(Row.Creation(gateway.Target, Requests.MaxTenants));
        }
        var first = gateways[0].Target;
        rows.Add(Row.Plain(first, "refused by validation", Requests.Invalid, 400));
        rows.Add(Row.Plain(first, "`GET /v1/usage`", Requests.Usage));
        rows.Add(Row.Plain(first, "`GET /v1/generations/{id}`, ended", HttpMessage.Get("/v1/generations/" + generations.CreateOne(first))));
        return rows;
    }
}
