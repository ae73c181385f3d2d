using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Gateway.Quotas;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Benchmarks;

/// <summary>
/// What a generation costs in the ledger: admitted and marked in one durable commit, settled in another, both of them flushed to the disk. One tenant,
/// all windows limited: the hottest rows there are.
/// </summary>
internal static class LedgerBenchmark
{
    private static readonly QuotaOptions Options = new() { ConcurrentGenerations = 1_000_000, GenerationsPerMinute = 100_000_000 };
    private static readonly Tenant Tenant = new(
        "a",
        "a",
        new QuotaLimits(1_000_000_000, 1_000_000_000, 1_000_000_000, 1_000_000_000, long.MaxValue / 2),
        TenantPolicy.Default
    );

    public static async Task RunAsync(TimeSpan duration)
    {
        Console.WriteLine("| engine | callers | reservations/s | p50 µs | p99 µs | commits per request | CPU µs per request |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (var callers in (int[])[1, 32, 256])
        {
            var folder = Directory.CreateTempSubdirectory("gateway-benchmark-").FullName;
            await using (
                var database = new SqliteDatabase(
                    $"Data Source={folder}/gateway.db",
                    NullLogger<SqliteDatabase>.Instance,
                    TimeProvider.System
                )
            )
                await MeasureAsync("SQLite, synchronous=FULL", database, callers, duration);
            Directory.Delete(folder, recursive: true);
        }
        if (!PostgreSqlServer.IsInstalled)
            return;
        await using var server = await PostgreSqlServer.StartAsync(durable: true);
        foreach (var callers in (int[])[1, 32, 256])
        {
            await using var database = new PostgreSqlDatabase(
                await server.CreateDatabaseAsync(),
                NullLogger<PostgreSqlDatabase>.Instance,
                TimeProvider.System
            );
            await MeasureAsync("PostgreSQL, fsync=on", database, callers, duration);
        }
    }

    private static async Task MeasureAsync(string engine, Database database, int callers, TimeSpan duration)
    {
        await using var ledger = new QuotaLedger(
            database,
            Options,
            () => new QuotaLimits(ImagesPerDay: 1_000_000_000, ImagesPerMonth: 1_000_000_000, MicrosPerMonth: long.MaxValue / 2),
            TimeProvider.System,
            NullLogger<QuotaLedger>.Instance
        );
        await ledger.StartAsync(CancellationToken.None);
        await LoadAsync(ledger, callers, TimeSpan.FromSeconds(1));

        var batches = ledger.Batches;
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        var latencies = await LoadAsync(ledger, callers, duration);
        var seconds = clock.Elapsed.TotalSeconds;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        batches = ledger.Batches - batches;
        latencies.Sort();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {engine} | {callers} | {latencies.Count / seconds:N0} | {latencies[latencies.Count / 2]:N0} | {latencies[latencies.Count * 99 / 100]:N0} | {(double)batches / latencies.Count:0.000} | {cpu.TotalMicroseconds / latencies.Count:N1} |"
            )
        );
        await ledger.StoppedAsync(CancellationToken.None);
    }

    /// <returns>Microseconds from asking to being admitted, each.</returns>
    private static async Task<List<double>> LoadAsync(QuotaLedger ledger, int callers, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var all = await Task.WhenAll(
            Enumerable
                .Range(0, callers)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        var latencies = new List<double>(10_000);
                        var body = RandomNumberGenerator.GetBytes(32);
                        var fingerprint = new Fingerprint("flux-pro-2.0", body, 1, 1440, 1440, false);
                        while (clock.Elapsed < duration)
                        {
                            var asked = Stopwatch.GetTimestamp();
                            var answer = await ledger.AdmitAsync(
                                new ReservationRequest(Tenant, 1, 10_000, fingerprint, null, body),
                                CancellationToken.None
                            );
                            latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMicroseconds);
                            var admitted = (Admission.Admitted)answer;
                            var generation = Guid.NewGuid().ToString();
                            if (!await ledger.SettleAsync(admitted.ReservationId, new Settlement(generation, 10_000, 1, null, "DOLLARS")))
                                throw new InvalidOperationException("A settlement was not stored in time");
                            await ledger.EndAsync(generation);
                        }
                        return latencies;
                    })
                )
        );
        return [.. all.SelectMany(one => one)];
    }
}
