using Gateway.Benchmarks;

// dotnet run -c Release --project tests/Gateway.Benchmarks [seconds]
var seconds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 5;
await LedgerBenchmark.RunAsync(TimeSpan.FromSeconds(seconds));
