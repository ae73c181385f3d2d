using Gateway.Benchmarks;

// dotnet run -c Release --project tests/Gateway.Benchmarks [-- ledger | proxy] [seconds]: Markdown on standard output.
switch (args)
{
    case ["upstream", var port]:
        await Upstream.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
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
}
var seconds = args.Select(argument => int.TryParse(argument, out var value) ? value : 0).Append(0).Max() is > 0 and var given ? given : 5;
if (!args.Contains("proxy", StringComparer.Ordinal))
    await LedgerBenchmark.RunAsync(TimeSpan.FromSeconds(seconds));
if (!args.Contains("ledger", StringComparer.Ordinal))
    await ProxyBenchmark.RunAsync(TimeSpan.FromSeconds(seconds));
