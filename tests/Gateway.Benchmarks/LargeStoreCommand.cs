using System.Diagnostics;
using System.Globalization;
using Gateway.Storage;
using Gateway.Tests.Harness.LargeStores;

namespace Gateway.Benchmarks;

/// <summary><c>fill sqlite FILE N [days=60] [tenants=100]</c>, <c>fill postgresql CONNECTION N …</c></summary>
internal static class LargeStoreCommand
{
    public static async Task RunAsync(string engine, string store, string[] numbers)
    {
        var size = numbers.Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray() switch
        {
            [var reservations] => new LargeStoreSize(reservations),
            [var reservations, var days] => new LargeStoreSize(reservations, days),
            [var reservations, var days, var tenants] => new LargeStoreSize(reservations, days, tenants),
            _ => throw new ArgumentException(
                "fill sqlite FILE N [days=60] [tenants=100], or fill postgresql CONNECTION N …",
                nameof(numbers)
            ),
        };
        var clock = Stopwatch.StartNew();
        if (string.Equals(engine, "sqlite", StringComparison.OrdinalIgnoreCase))
            await LargeStore.FillAsync(StorageEngine.Sqlite, $"Data Source={store}", size, DateTimeOffset.UtcNow);
        else
            await LargeStore.FillAsync(StorageEngine.PostgreSql, store, size, DateTimeOffset.UtcNow);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{size.Reservations} reservations of {size.Tenants} tenants in {size.Days} days: {clock.Elapsed.TotalSeconds:0.0} s"
            )
        );
    }
}
