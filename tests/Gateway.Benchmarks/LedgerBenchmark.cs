using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Benchmarks;

/// <summary>Reserves and settles durably in this process, for 100 tenants with a quota.</summary>
internal static class LedgerBenchmark
{
    private const int Tenants = 100;

    public static async Task RunAsync(TimeSpan length)
    {
        Console.WriteLine(
            "| store | callers | reserve + settle /s | p50 us | p99 us | commits per request | CPU us/req | allocated KB/req |"
        );
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        long reservations;
        await using (
            var sqlite = new SqliteDatabase($"Data Source={folder}/gateway.db", NullLogger<SqliteDatabase>.Instance, TimeProvider.System)
        )
            reservations = await RunAsync("SQLite, synchronous=FULL", sqlite, await CommitsReadSqliteAsync(sqlite), length);
        var bytes = new FileInfo($"{folder}/gateway.db").Length;
        await using var server = await PostgreSqlServer.StartAsync(durable: true);
        var connection = await server.CreateDatabaseAsync();
        await using (var database = new PostgreSqlDatabase(connection, NullLogger<PostgreSqlDatabase>.Instance, TimeProvider.System))
            await RunAsync("PostgreSQL, synchronous_commit=on", database, () => CommitsReadPostgreSqlAsync(connection), length);
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The SQLite file: {bytes / reservations} bytes a generation"));
        Console.WriteLine();
    }

    /// <returns>The number of reservations in the store.</returns>
    private static async Task<long> RunAsync(string name, Database database, Func<Task<long>> commits, TimeSpan length)
    {
        await using var ledger = new QuotaLedger(
            database,
            new QuotaOptions
            {
                ConcurrentGenerations = 1_000_000,
                GenerationsPerMinute = 100_000_000,
                GenerationTimeLimit = TimeSpan.FromSeconds(1),
            },
            () => QuotaLimits.Unlimited with { ImagesPerDay = 1_000_000_000 },
            _ => 1,
            TimeProvider.System,
            NullLogger<QuotaLedger>.Instance
        );
        await ledger.StartAsync(CancellationToken.None);
        var all = (await LoadAsync(ledger, 32, TimeSpan.FromSeconds(2))).Count;
        foreach (var callers in new[] { 1, 32 })
        {
            var before = await commits();
            var (clock, cpu, allocated) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
            var latencies = (await LoadAsync(ledger, callers, length)).Order().ToArray();
            var took = clock.Elapsed;
            (cpu, allocated) = (Environment.CpuUsage.TotalTime - cpu, GC.GetTotalAllocatedBytes() - allocated);
            var made = await commits() - before;
            all += latencies.Length;
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {callers} | {latencies.Length / took.TotalSeconds:0} | {Micros(latencies, 0.5):0} | {Micros(latencies, 0.99):0} | {made / (double)latencies.Length:0.00} | {cpu.TotalMicroseconds / latencies.Length:0} | {allocated / 1024.0 / latencies.Length:0.0} |"
                )
            );
        }
        await ledger.StoppedAsync(CancellationToken.None);
        return all;
    }

    private static async Task<List<long>> LoadAsync(QuotaLedger ledger, int callers, TimeSpan length)
    {
        var tenants = Enumerable.Range(0, Tenants).Select(Tenant).ToList();
        var start = Stopwatch.GetTimestamp();
        var latencies = await Task.WhenAll(
            Enumerable
                .Range(0, callers)
                .Select(caller =>
                    Task.Run(async () =>
                    {
                        var mine = new List<long>();
                        for (var n = caller; Stopwatch.GetElapsedTime(start) < length; n += callers)
                        {
                            var began = Stopwatch.GetTimestamp();
                            // Equal requests of one tenant look up one another.
                            var hash = SHA256.HashData(Guid.NewGuid().ToByteArray());
                            var request = new ReservationRequest(
                                tenants[n % Tenants],
                                1,
                                83_700,
                                new Fingerprint("flux-pro-2.0", hash, (uint)n, 1440, 1440, false),
                                null,
                                hash
                            );
                            var admitted = (Admission.Admitted)await ledger.AdmitAsync(request, CancellationToken.None);
                            await ledger.SettleAsync(
                                admitted.ReservationId,
                                new Settlement(Guid.CreateVersion7().ToString(), 83_700, null, null, "DOLLARS")
                            );
                            mine.Add(Stopwatch.GetTimestamp() - began);
                        }
                        return mine;
                    })
                )
        );
        return [.. latencies.SelectMany(one => one)];
    }

    private static Tenant Tenant(int number) =>
        new(
            $"team-{number}",
            $"Team {number}",
            QuotaLimits.Unlimited with
            {
                RequestsPerMinute = 1_000_000_000,
                ImagesPerDay = 1_000_000_000,
                ImagesPerMonth = 1_000_000_000,
            },
            TenantPolicy.Default
        );

    private static double Micros(long[] sorted, double part) =>
        Stopwatch.GetElapsedTime(0, sorted[(int)(sorted.Length * part)]).TotalMicroseconds;

    /// <summary>SQLite counts the commits of a connection: this is the one that the ledger writes with.</summary>
    private static async Task<Func<Task<long>>> CommitsReadSqliteAsync(SqliteDatabase database)
    {
        long commits = 0;
        await database.WriteAsync(
            (connection, _, _) =>
            {
                SQLitePCL.raw.sqlite3_commit_hook(
                    ((SqliteConnection)connection).Handle,
                    _ =>
                    {
                        commits++;
                        return 0;
                    },
                    null
                );
                return Task.FromResult(true);
            },
            CancellationToken.None
        );
        return () => Task.FromResult(commits);
    }

    private static async Task<long> CommitsReadPostgreSqlAsync(string connection)
    {
        // The server's own statistics are up to a second late.
        await Task.Delay(1100);
        await using var reading = new NpgsqlConnection(connection + ";Pooling=false");
        await reading.OpenAsync();
        await using var command = new NpgsqlCommand("select xact_commit from pg_stat_database where datname = current_database()", reading);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
