using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using static Gateway.Tests.Campaign.CampaignRequests;

namespace Gateway.Tests.Campaign;

/// <summary>
/// A client that does what <c>RateLimit</c> and <c>Retry-After</c> say, beside a tenant that wants all slots. Short
/// here; as long as <c>OBEDIENT_SECONDS</c> says by <c>tests/obedient.sh</c>.
/// </summary>
public sealed partial class ObedientClientTests
{
    private const string Obedient = "obedient";
    private const string Greedy = "greedy";

    private static readonly string? Seconds = Environment.GetEnvironmentVariable("OBEDIENT_SECONDS");
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(int.Parse(Seconds ?? "2", CultureInfo.InvariantCulture));

    [Fact]
    public async Task A_client_that_obeys_is_refused_nothing()
    {
        await using var cluster = await GatewayCluster.CreateAsync(
            [GatewayCluster.Tenant(Obedient, """{ "requestsPerMinute": 20, "concurrentGenerations": 3 }"""), GatewayCluster.Tenant(Greedy)],
            settings:
            [
                ("Leonardo__ConcurrentGenerations", "10"),
                ("Leonardo__GenerationsPerMinute", "100"),
                ("Leonardo__RequestsPerMinute", "2000"),
                ("Quotas__GenerationTimeLimit", "00:05:00"),
                ("Leonardo__Timeout", "00:00:10"),
            ]
        );
        await cluster.Simulator.SetJobSecondsAsync(3);
        await cluster.StartAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var greedy = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TakeAllAsync(cluster[0].Client, stop.Token)));

        var statuses = new List<int>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Length || statuses.Count < 2)
        {
            using var answer = await PostAsync(cluster[0].Client, Obedient, CancellationToken.None);
            statuses.Add((int)answer.StatusCode);
            await UntilAllowedAsync(cluster[0].Client, answer);
        }
        await stop.CancelAsync();
        await greedy;

        Console.WriteLine(string.Join(", ", statuses.CountBy(status => status).Select(one => $"{one.Value} x {one.Key}")));
        statuses.ShouldAllBe(status => status == 200);
        // It did not merely wait.
        statuses.Count.ShouldBeGreaterThanOrEqualTo((int)(Length.TotalSeconds / 6));
    }

    /// <summary>
    /// Waits until each quota of which nothing is left has something again. When a generation ends is not known before,
    /// so that there is no time for it: then the client asks.
    /// </summary>
    private static async Task UntilAllowedAsync(HttpClient client, HttpResponseMessage answer)
    {
        var pause = answer.Headers.RetryAfter?.Delta ?? TimeSpan.Zero;
        var quotas = string.Join(",", answer.Headers.GetValues("RateLimit"));
        while (Quota().Matches(quotas).ToList() is var empty && (empty.Count > 0 || pause > TimeSpan.Zero))
        {
            var seconds = empty.Select(quota =>
                quota.Groups["seconds"] is { Success: true, Value: var value } ? int.Parse(value, CultureInfo.InvariantCulture) : 1
            );
            await Task.Delay(
                TimeSpan.FromSeconds(Math.Max(pause.TotalSeconds, seconds.DefaultIfEmpty().Max())),
                TestContext.Current.CancellationToken
            );
            pause = TimeSpan.Zero;
            using var usage = await SendAsync(client, Obedient, HttpMethod.Get, "/v1/usage", null, TestContext.Current.CancellationToken);
            quotas = string.Join(",", usage.Headers.GetValues("RateLimit"));
        }
    }

    private static async Task TakeAllAsync(HttpClient client, CancellationToken stop)
    {
        try
        {
            while (true)
                (await PostAsync(client, Greedy, stop)).Dispose();
        }
        catch (OperationCanceledException)
        {
            // The client has finished.
        }
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string tenant, CancellationToken cancellationToken) =>
        SendAsync(client, tenant, HttpMethod.Post, "/v2/generations", Body("a cat"), cancellationToken);

    /// <summary>One of which nothing is left.</summary>
    [GeneratedRegex("\"[a-z-]+\";r=0(;t=(?<seconds>[0-9]+))?(,|$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quota();
}
