using System.Globalization;
using Gateway.Storage;

namespace Gateway.Benchmarks;

/// <summary><c>scale [N=1000000] [sqlite|postgresql] [SECONDS=300]</c></summary>
internal static class ScaleCommand
{
    public static Task RunAsync(string[] arguments)
    {
        var reservations = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 1_000_000;
        var engine = arguments.Length > 1 ? Enum.Parse<StorageEngine>(arguments[1], ignoreCase: true) : StorageEngine.Sqlite;
        var seconds = arguments.Length > 2 ? int.Parse(arguments[2], CultureInfo.InvariantCulture) : 300;
        return ScaleBenchmark.RunAsync(reservations, engine, TimeSpan.FromSeconds(seconds));
    }
}
