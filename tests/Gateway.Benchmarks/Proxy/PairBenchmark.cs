using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Benchmarks.Proxy;

/// <summary>
/// Two gateways on SQLite, equal but for one environment variable: <c>pair DOTNET_TieredPGO=0 DOTNET_TieredPGO=1</c>;
/// or two builds: <c>pair PROGRAM=before/Gateway.dll PROGRAM=after/Gateway.dll</c>. Which one comes first changes with
/// every round.
/// </summary>
internal static class PairBenchmark
{
    public static void Run(string first, string second, BenchmarkOptions options)
    {
        using var temporary = new TemporaryFolder();
        using var upstream = Targets.StartUpstream(Ports.Free());
        using var targets = new Targets(upstream.Port, temporary.Path);
        var generations = new Generations(upstream.Port);
        Report.PrintHeader(options);
        List<MeasuredGateway> gateways =
        [
            targets.StartSqlite(first, temporary["first.db"], Parse(first)),
            targets.StartSqlite(second, temporary["second.db"], Parse(second)),
        ];
        var rows = gateways.ConvertAll(gateway => Row.Creation(gateway.Target, 1));
        foreach (var row in rows)
            row.WarmUp(generations);

        Report.PrintPairHead();
        foreach (var load in Load.All[..2])
        {
            var samples = rows.ConvertAll(_ => new Samples());
            for (var round = 0; round < options.Rounds; round++)
            {
                for (var turn = 0; turn < rows.Count; turn++)
                {
                    var n = (round + turn) % rows.Count;
                    samples[n].Add(rows[n].Measure(load, options.Length, generations));
                }
            }
            for (var n = 0; n < rows.Count; n++)
                Report.PrintPairRow(rows[n], load, samples[n], samples[0]);
        }
        Console.WriteLine();
        for (var n = 0; n < rows.Count; n++)
            gateways[n].Verify(rows[n].Accepted);
    }

    private static (string Name, string Value) Parse(string variable) =>
        variable.Split('=', 2) is [var name, var value]
            ? (name, value)
            : throw new ArgumentException($"'{variable}' is not NAME=VALUE.", nameof(variable));
}
