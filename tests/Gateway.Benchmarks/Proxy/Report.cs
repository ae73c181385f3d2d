using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Benchmarks.Proxy;

/// <summary>Markdown on standard output.</summary>
internal static class Report
{
    /// <summary>Where and when: without it, figures are worth nothing.</summary>
    public static void PrintHeader(BenchmarkOptions options)
    {
        var processor = File.ReadLines("/proc/cpuinfo")
            .Select(line => line.Split(':'))
            .FirstOrDefault(line => line[0].Trim() is "model name")
            ?[1].Trim();
        var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        Print(
            $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} × {processor ?? RuntimeInformation.ProcessArchitecture.ToString()}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}; load of the machine before the run {load}; {options.Rounds} rounds of {options.Length.TotalSeconds:0} s, all targets in turn; medians, in brackets the lowest and the highest round."
        );
        Console.WriteLine();
    }

    public static void PrintProxyHead(Load load)
    {
        Console.WriteLine();
        Print($"### {load.Name}\n");
        Console.WriteLine(
            "| | | µs CPU a request | × bare YARP | × without spinning | µs in the database server | requests/s | p50 ms | p99 ms | allocated KB | RSS MB | ready ms | ended after s |"
        );
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    }

    public static void PrintProxyRow(Row row, Samples own, Samples yarp, Samples withoutSpinning) =>
        Print(
            $"| {row.Target.Name} | {row.What} | {own.Spread(one => one.Cpu, "0")} | {own.Ratio(yarp)} | {own.Ratio(withoutSpinning)} | {own.Median(one => one.ServersCpu):0} | {own.Median(one => one.PerSecond):N0} | {own.Spread(one => one.P50, "0.00")} | {own.Median(one => one.P99):0.0} | {own.Median(one => one.Allocated):0.0} | {own.Median(one => one.Rss):0} | {row.Target.StartUp.TotalMilliseconds:0} | {own.Median(one => one.Tail):0.0} |"
        );

    public static void PrintPairHead()
    {
        Console.WriteLine(
            "| | | µs CPU a request | × the first | requests/s | p50 ms | p99 ms | allocated KB | RSS MB | ready ms | ended after s |"
        );
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    }

    public static void PrintPairRow(Row row, Load load, Samples own, Samples first) =>
        Print(
            $"| {row.Target.Name} | {load.Name} | {own.Spread(one => one.Cpu, "0")} | {own.Ratio(first)} | {own.Median(one => one.PerSecond):N0} | {own.Spread(one => one.P50, "0.00")} | {own.Median(one => one.P99):0.0} | {own.Median(one => one.Allocated):0.0} | {own.Median(one => one.Rss):0} | {row.Target.StartUp.TotalMilliseconds:0} | {own.Median(one => one.Tail):0.0} |"
        );

    public static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
