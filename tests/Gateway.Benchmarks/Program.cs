using Gateway.Benchmarks;
using Gateway.Benchmarks.Proxy;

// dotnet run -c Release --project tests/Gateway.Benchmarks -- COMMAND: Markdown on standard output.
// proxy [SECONDS] [--rounds N] [--store FILE] [--postgresql CONNECTION]: beside bare YARP and nginx
// pair NAME=VALUE NAME=VALUE [SECONDS] [--rounds N]: two gateways with different environment variables, or builds
// ledger [SECONDS]: the ledger alone
// fill, scale, periodic: large stores
// anonymous [SECONDS]: a tenant's requests beside eight anonymous readers of the OpenAPI document
switch (args)
{
    case ["upstream", var port]:
        Upstream.Run(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
        return;
    case ["yarp", var port, var upstream]:
        await BareYarp.RunAsync(port, upstream);
        return;
    case ["scale", .. var scale]:
        await ScaleCommand.RunAsync(scale);
        return;
    case ["fill", var engine, var store, .. var numbers]:
        await LargeStoreCommand.RunAsync(engine, store, numbers);
        return;
    case ["periodic", var engine, var store]:
        await PeriodicBenchmark.RunAsync(engine, store);
        return;
    case ["anonymous", .. var options]:
        await AnonymousBenchmark.RunAsync(options);
        return;
    case ["proxy", .. var options]:
        await ProxyBenchmark.RunAsync(BenchmarkOptions.Parse(options));
        return;
    case ["pair", var first, var second, .. var options]:
        // A task: a failure then stops the processes before it ends this one.
        await Task.Run(() => PairBenchmark.Run(first, second, BenchmarkOptions.Parse(options)));
        return;
    case ["ledger", .. var options]:
        await LedgerBenchmark.RunAsync(BenchmarkOptions.Parse(options).Length);
        return;
    default:
        throw new ArgumentException("Commands: proxy, pair, ledger, fill, scale, periodic, anonymous.", nameof(args));
}
