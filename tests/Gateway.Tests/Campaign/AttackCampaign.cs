using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Microsoft.Data.Sqlite;
using static Gateway.Tests.Campaign.CampaignRequests;

namespace Gateway.Tests.Campaign;

/// <summary>What one tenant sees of the gateway while another attacks, in processes and on sockets.</summary>
/// <param name="length">Of each measurement. An attack has run for as long before it is measured.</param>
internal sealed class AttackCampaign(TimeSpan length)
{
    public const int Slots = 10;
    private const int JobSeconds = 3;
    private const string OpenRequests = "100 open requests";

    private const string Victim = "victim";
    private const string Attacker = "attacker";
    private const string Broke = "broke";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<int, int> _attackers = new();
    private int _accepted;

    /// <summary>
    /// Milliseconds from the end of each generation until it was noticed, while 100 requests waited for slots.
    /// </summary>
    public IReadOnlyList<double> Noticed { get; private set; } = [];

    /// <returns>The undisturbed tenant, and then the same during each attack.</returns>
    public async Task<IReadOnlyList<AttackResult>> RunAsync(CancellationToken cancellationToken)
    {
        await using var cluster = await GatewayCluster.CreateAsync(
            [
                GatewayCluster.Tenant(Victim),
                GatewayCluster.Tenant(Attacker),
                GatewayCluster.Tenant(Broke, """{ "imagesPerDay": 0, "imagesPerMonth": 0, "usdPerMonth": 0 }"""),
            ],
            settings:
            [
                ("Leonardo__ConcurrentGenerations", $"{Slots}"),
                // Shares of a minute need one: what one short attack used up would be missing in the next.
                ("Leonardo__GenerationsPerMinute", length < TimeSpan.FromMinutes(1) ? "100000" : "100"),
                ("Leonardo__RequestsPerMinute", "2000"),
                ("Quotas__GenerationTimeLimit", "00:05:00"),
                ("Limits__RequestsPerSecond", "0"),
                ("Leonardo__Timeout", "00:00:10"),
            ]
        );
        await cluster.Simulator.SetJobSecondsAsync(JobSeconds);
        await cluster.StartAsync();
        var client = cluster[0].Client;
        var image = await MakeImageAsync(client, cancellationToken);

        // The first requests of a process are slow.
        await MeasureAsync("", client, image, cancellationToken);
        var results = new List<AttackResult> { await MeasureAsync("none", client, image, cancellationToken) };
        foreach (var (name, attack) in Attacks(client))
        {
            _attackers.Clear();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var attacking = attack(stop.Token);
            var changes = name == OpenRequests ? VaryJobsAsync(cluster.Simulator, stop.Token) : null;
            await Task.Delay(length, cancellationToken);
            results.Add(await MeasureAsync(name, client, image, cancellationToken));
            await stop.CancelAsync();
            await attacking;
            if (changes is not null)
                Noticed = await ReadNoticedAsync(cluster.DatabaseFile, await changes, cancellationToken);
        }
        (await cluster.Simulator.PeakAsync()).ShouldBeLessThanOrEqualTo(Slots, "more ran than the account allows");
        return results;
    }

    private IEnumerable<(string Name, Func<CancellationToken, Task> Attack)> Attacks(HttpClient client) =>
        [
            ("uploads with every quota at 0", stop => LoopAsync(16, () => UploadAsync(client, stop), stop)),
            ("prompts that Leonardo refuses", stop => LoopAsync(2, () => PostAsync(client, Attacker, "[sim:moderation-400]", stop), stop)),
            (OpenRequests, stop => LoopAsync(100, () => PostAsync(client, Attacker, "a dog", stop), stop)),
            ("generations deleted while they run", stop => LoopAsync(8, () => MakeAndDeleteAsync(client, stop), stop)),
        ];

    /// <summary>Requests at planned moments, whether or not earlier ones are answered.</summary>
    private async Task<AttackResult> MeasureAsync(string name, HttpClient client, string image, CancellationToken cancellationToken)
    {
        List<Task<Answer>> posts = [],
            reads = [],
            images = [];
        using var timer = new PeriodicTimer(Pace / 4);
        for (var step = 0; step < length / (Pace / 4); step++)
        {
            if (step % 4 == 0)
                posts.Add(PostBesideAsync());
            reads.Add(Answer.OfAsync(() => GetAsync(client, Victim, "/v1/usage", cancellationToken)));
            images.Add(Answer.OfAsync(() => GetAsync(client, Victim, image, cancellationToken)));
            await timer.WaitForNextTickAsync(cancellationToken);
        }
        return new AttackResult(
            name,
            await Task.WhenAll(posts),
            await Task.WhenAll(reads),
            await Task.WhenAll(images),
            new Dictionary<int, int>(_attackers)
        );

        async Task<Answer> PostBesideAsync()
        {
            var before = Volatile.Read(ref _accepted);
            var answer = await Answer.OfAsync(() => PostAsync(client, Victim, "a cat", cancellationToken));
            return answer with { Passed = Volatile.Read(ref _accepted) - before };
        }
    }

    /// <summary>
    /// Jobs of 3 to 3.9 seconds: otherwise all of them would end at the same moment between two polls.
    /// </summary>
    /// <returns>When, in milliseconds, and to how many.</returns>
    private static async Task<List<(long At, double Milliseconds)>> VaryJobsAsync(SimulatorProcess simulator, CancellationToken stop)
    {
        var changes = new List<(long, double)>();
        try
        {
            for (var step = 0; ; step++)
            {
                var seconds = JobSeconds + (step * 7 % 10 / 10.0);
                await simulator.SetJobSecondsAsync(seconds);
                changes.Add((TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), seconds * 1000));
                await Task.Delay(TimeSpan.FromSeconds(1), stop);
            }
        }
        catch (OperationCanceledException)
        {
            await simulator.SetJobSecondsAsync(JobSeconds);
            return changes;
        }
    }

    /// <summary>Of those that were created while the length of jobs was certain.</summary>
    private static async Task<List<double>> ReadNoticedAsync(
        string file,
        List<(long At, double Milliseconds)> changes,
        CancellationToken cancellationToken
    )
    {
        const long Uncertain = 100;
        // Beside the gateway, which keeps other processes from its file.
        using var copy = new TemporaryFolder();
        foreach (var part in (string[])[file, $"{file}-wal"])
            File.Copy(part, copy[Path.GetFileName(part)]);
        await using var connection = new SqliteConnection($"Data Source={copy[Path.GetFileName(file)]};Pooling=False");
        await connection.OpenAsync(cancellationToken);
        await using var ended = connection.CreateCommand();
        ended.CommandText = "select created_at / 1000, (ended_at - created_at) / 1000.0 from generation where ended_at is not null";
        await using var rows = await ended.ExecuteReaderAsync(cancellationToken);
        var noticed = new List<double>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var created = rows.GetInt64(0);
            var job = changes.LastOrDefault(change => change.At < created);
            if (created - job.At is > Uncertain and < 1000 - Uncertain)
                noticed.Add(rows.GetDouble(1) - job.Milliseconds);
        }
        return noticed;
    }

    private async Task<string> MakeImageAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var made = await SendAsync(
            client,
            Victim,
            HttpMethod.Post,
            "/v2/generations",
            Body("the first"),
            cancellationToken,
            "wait=30"
        );
        made.EnsureSuccessStatusCode();
        var generation = (await made.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!["generations_by_pk"]!;
        return new Uri(generation["generated_images"]![0]!["url"]!.GetValue<string>()).PathAndQuery;
    }

    private async Task<int> PostAsync(HttpClient client, string tenant, string prompt, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(client, tenant, HttpMethod.Post, "/v2/generations", Body(prompt), cancellationToken);
        if (tenant == Attacker && answer.IsSuccessStatusCode)
            Interlocked.Increment(ref _accepted);
        return (int)answer.StatusCode;
    }

    private async Task<int> MakeAndDeleteAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var made = await SendAsync(client, Attacker, HttpMethod.Post, "/v2/generations", Body("a dog"), cancellationToken);
        if (!made.IsSuccessStatusCode)
            return (int)made.StatusCode;
        Interlocked.Increment(ref _accepted);
        var id = (await made.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!["generate"]!["generationId"]!.GetValue<string>();
        using var deleted = await SendAsync(client, Attacker, HttpMethod.Delete, $"/v1/generations/{id}", null, cancellationToken);
        return (int)deleted.StatusCode;
    }

    private static async Task<int> UploadAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var form = TwoTenants.Form(TwoTenants.Png, "x.png");
        using var answer = await SendAsync(client, Broke, HttpMethod.Post, "/v1/uploads", form, cancellationToken);
        return (int)answer.StatusCode;
    }

    private static async Task<int> GetAsync(HttpClient client, string tenant, string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(client, tenant, HttpMethod.Get, path, null, cancellationToken);
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return (int)answer.StatusCode;
    }

    /// <summary>So many callers, each with one request after the other, until it is stopped.</summary>
    private Task LoopAsync(int callers, Func<Task<int>> send, CancellationToken stop) =>
        Task.WhenAll(
            Enumerable
                .Range(0, callers)
                .Select(async _ =>
                {
                    await Task.Yield();
                    try
                    {
                        while (!stop.IsCancellationRequested)
                        {
                            _attackers.AddOrUpdate(await send(), 1, (_, count) => count + 1);
                            // The machine itself is not the target.
                            await Task.Delay(TimeSpan.FromMilliseconds(10), stop);
                        }
                    }
                    catch (OperationCanceledException)
                    {
                        // The attack is over.
                    }
                })
        );
}
