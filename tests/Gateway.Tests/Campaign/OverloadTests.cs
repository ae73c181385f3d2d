using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Gateway.Tests.Harness;
using static Gateway.Tests.Campaign.CampaignRequests;

namespace Gateway.Tests.Campaign;

/// <summary>
/// Ten times as many requests as quotas or slots allow. Short here; as long as <c>OVERLOAD_SECONDS</c> says by
/// <c>tests/overload.sh</c>, which also compares times.
/// </summary>
public sealed class OverloadTests
{
    private const int Tenants = 10;
    private const int Slots = 10;
    private const int MaxMegabytes = 400;

    private static readonly string? Seconds = Environment.GetEnvironmentVariable("OVERLOAD_SECONDS");
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(int.Parse(Seconds ?? "1", CultureInfo.InvariantCulture));

    private readonly ConcurrentBag<Answer> _health = [];

    /// <summary>Each tenant sends ten times the requests a minute that it may.</summary>
    [Fact]
    public async Task Tenants_beyond_their_rate_get_what_they_may_have_and_are_refused_at_once()
    {
        var rate = Math.Max(2, (int)Length.TotalSeconds);
        await using var cluster = await StartAsync($$"""{ "requestsPerMinute": {{rate}} }""");
        var pace = Length / (10 * rate);

        var (answers, megabytes) = await RunAsync(
            cluster[0],
            Enumerable.Range(0, Tenants).Select(n => (Tenant: $"t{n}", Count: 10 * rate)).ToList(),
            pace
        );

        Print("quota", answers, megabytes);
        // The minute is not over: what it allows is sent, and nothing beyond it.
        answers.Count(answer => answer.Status == 200).ShouldBe(Tenants * rate);
        answers.Count(answer => answer.Status == 429).ShouldBe(Tenants * 9 * rate);
        Check(megabytes);
        if (Seconds is not null)
            Answer.Quantile([.. answers.Where(answer => answer.Status == 429)], 0.99).ShouldBeLessThan(50);
    }

    /// <summary>Twice, and then twenty times, as many callers as slots: the account is used as much.</summary>
    [Fact]
    public async Task More_callers_than_slots_do_not_slow_the_account_down()
    {
        await using var cluster = await StartAsync(
            "{}",
            ("Leonardo__ConcurrentGenerations", $"{Slots}"),
            ("Leonardo__QueueTimeout", "00:00:02")
        );

        var best = await LoopAsync(cluster[0], 2 * Slots);
        Print("twice as many callers as slots", best, Megabytes(cluster[0]));
        _health.Clear();
        var (answers, megabytes) = (await LoopAsync(cluster[0], 20 * Slots), Megabytes(cluster[0]));
        Print("twenty times", answers, megabytes);

        best.Concat(answers).ShouldAllBe(answer => answer.Status == 200 || answer.Status == 503);
        Check(megabytes);
        if (Seconds is null)
            return;
        answers.Count(answer => answer.Status == 200).ShouldBeGreaterThan((int)(0.9 * best.Count(answer => answer.Status == 200)));
        // Who gets no slot is refused at the end of Leonardo:QueueTimeout.
        Answer.Quantile([.. answers.Where(answer => answer.Status == 503)], 0.99).ShouldBeLessThan(2_250);
    }

    private static async Task<GatewayCluster> StartAsync(string quota, params (string, string)[] settings)
    {
        var cluster = await GatewayCluster.CreateAsync(
            Enumerable.Range(0, Tenants).Select(n => GatewayCluster.Tenant($"t{n}", quota)),
            settings: [("Leonardo__Timeout", "00:00:10"), ("Limits__RequestsPerSecond", "0"), .. settings]
        );
        await cluster.Simulator.SetJobSecondsAsync(1);
        await cluster.StartAsync();
        return cluster;
    }

    /// <summary>Requests at planned moments, whether or not earlier ones are answered.</summary>
    private async Task<(List<Answer> Answers, long Megabytes)> RunAsync(
        GatewayProcess gateway,
        List<(string Tenant, int Count)> tenants,
        TimeSpan pace
    )
    {
        using var stop = new CancellationTokenSource();
        var asking = AskHealthAsync(gateway, stop.Token);
        var answers = await Task.WhenAll(
            tenants.Select(async tenant =>
            {
                var sent = new List<Task<Answer>>();
                using var timer = new PeriodicTimer(pace);
                while (sent.Count < tenant.Count && await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken))
                    sent.Add(Answer.OfAsync(() => PostAsync(gateway, tenant.Tenant)));
                return await Task.WhenAll(sent);
            })
        );
        var megabytes = Megabytes(gateway);
        await stop.CancelAsync();
        await asking;
        return ([.. answers.SelectMany(some => some)], megabytes);
    }

    private async Task<List<Answer>> LoopAsync(GatewayProcess gateway, int callers)
    {
        using var stop = new CancellationTokenSource();
        var asking = AskHealthAsync(gateway, stop.Token);
        var began = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, callers)
                .Select(async n =>
                {
                    var own = new List<Answer>();
                    while (Stopwatch.GetElapsedTime(began) < Length)
                        own.Add(await Answer.OfAsync(() => PostAsync(gateway, $"t{n % Tenants}")));
                    return own;
                })
        );
        await stop.CancelAsync();
        await asking;
        return [.. answers.SelectMany(some => some)];
    }

    private async Task AskHealthAsync(GatewayProcess gateway, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.25));
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                _health.Add(
                    await Answer.OfAsync(async () =>
                    {
                        using var answer = await gateway.Client.GetAsync("/health/ready", CancellationToken.None);
                        return (int)answer.StatusCode;
                    })
                );
        }
        catch (OperationCanceledException)
        {
            // The load is over.
        }
    }

    private void Check(long megabytes)
    {
        _health.ShouldNotBeEmpty();
        _health.ShouldAllBe(answer => answer.Status == 200);
        megabytes.ShouldBeLessThan(MaxMegabytes);
        if (Seconds is not null)
            Answer.Quantile([.. _health], 0.99).ShouldBeLessThan(100);
    }

    private void Print(string name, List<Answer> answers, long megabytes)
    {
        var statuses = answers
            .GroupBy(answer => answer.Status)
            .OrderBy(group => group.Key)
            .Select(group =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{group.Count()} x {group.Key} (p50 {Answer.Quantile([.. group], 0.5):0}, p99 {Answer.Quantile([.. group], 0.99):0} ms)"
                )
            );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: {string.Join(", ", statuses)}; readiness p99 {Answer.Quantile([.. _health], 0.99):0} ms; {megabytes} MB"
            )
        );
    }

    private static long Megabytes(GatewayProcess gateway)
    {
        using var process = Process.GetProcessById(gateway.Id);
        return process.WorkingSet64 / (1024 * 1024);
    }

    private static async Task<int> PostAsync(GatewayProcess gateway, string tenant)
    {
        using var answer = await SendAsync(
            gateway.Client,
            tenant,
            HttpMethod.Post,
            "/v2/generations",
            Body("a cat"),
            TestContext.Current.CancellationToken
        );
        return (int)answer.StatusCode;
    }
}
