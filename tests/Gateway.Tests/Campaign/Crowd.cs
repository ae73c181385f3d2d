using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// Clients that order without pause: some meet faults of the upstream, some disconnect, some repeat a key, or an equal
/// request without one, until they know its outcome.
/// </summary>
/// <param name="gateways">Current addresses; a gateway that is down is tried too.</param>
internal sealed class Crowd(IReadOnlyList<string> tenants, Func<IReadOnlyList<Uri>> gateways, int seed) : IDisposable
{
    private static readonly string[] Faults =
    [
        .. (string[])["reset-after", "hang-after", "error-500-after", "half-json", "empty-200", "reset-before", "hang", "error-500"],
        .. (string[])["refuse-validation", "moderation-400", "slow:0.1", "slow:0.3", "slow:1"],
    ];

    /// <summary>
    /// Those of a request that is repeated without a key. It takes longer than a hang-up: no answer is delivered to a
    /// caller who has just gone.
    /// </summary>
    private static readonly string[] SlowFaults =
    [
        "slow:0.4",
        "slow:0.4",
        "slow:1",
        "reset-after",
        "half-json",
        "error-500-after",
        "hang-after",
    ];

    /// <summary>Those of a job. It would be tried for ever if Leonardo never made anything of it.</summary>
    private static readonly string[] JobFaults = ["reset-after", "half-json", "error-500-after", "refuse-validation", "slow:0.3"];

    private readonly ConcurrentQueue<Order> _orders = new();
    private readonly HttpClient _client = Patient(TimeSpan.FromSeconds(20));

    public IReadOnlyCollection<Order> Orders => _orders;

    /// <summary>Runs until it is stopped; requests in flight are finished.</summary>
    public Task RunAsync(int clients, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => ClientAsync(client, new Random(seed + client), stop))));

    /// <summary>
    /// Repeats every order that has a key, until its outcome is known; and without a key every one that has no answer.
    /// </summary>
    public async Task RepeatAsync()
    {
        var again = _orders.Where(order => order.Answers.Count > 0 && (order.Key is not null || order.IsOpen)).ToList();
        while (again.Count > 0)
        {
            await Parallel.ForEachAsync(
                again,
                new ParallelOptions { MaxDegreeOfParallelism = 16 },
                async (order, _) => await order.SendAsync(_client, gateways()[0], CancellationToken.None)
            );
            // An order that had never been admitted is sent now, with its fault.
            await NothingIsHeldAsync();
            again = again.FindAll(order => order is { IsOpen: true, IsNeverMade: false });
        }
    }

    /// <summary>What each tenant has spent this month, as the gateway reports it.</summary>
    public async Task<Dictionary<string, string>> UsageAsync()
    {
        var usage = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tenant in tenants)
            usage[tenant] = (await UsageAsync(tenant))["totals"]!["month"]!.ToJsonString();
        return usage;
    }

    /// <summary>Waits until the outcome of everything is known.</summary>
    public Task NothingIsHeldAsync() =>
        Eventually.HoldsAsync(
            async () =>
            {
                // A gateway that has just continued, or whose store is just back, answers 503 for a moment.
                using var response = await AskForUsageAsync(tenants[0]);
                if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
                    return false;
                var quotas = (await response.EnsureSuccessStatusCode().JsonAsync())["quotas"]!.AsArray();
                return quotas.Single(quota => quota!["name"]!.GetValue<string>() == "org-images-month")!["held"]!.GetValue<long>() == 0;
            },
            // After a long campaign there are thousands, with long pauses between the last attempts.
            seconds: 240
        );

    /// <summary>Compares the answers to the clients with the ledger and with what was charged.</summary>
    public void MustAgreeWith(LedgerSnapshot books, IReadOnlyList<Charge> invoice)
    {
        var charges = invoice.ToLookup(charge => charge.Prompt, StringComparer.Ordinal);
        var settled = books.In('S').ToDictionary(entry => entry.GenerationId!, StringComparer.Ordinal);
        foreach (var order in Orders)
        {
            charges[order.Prompt].Count().ShouldBeLessThanOrEqualTo(1, $"paid twice: {order}\n{books.Describe(order.Prompt)}");
            if (order.WasQueued)
                charges[order.Prompt].Count().ShouldBe(order.IsRefused ? 0 : 1, $"accepted as a job: {order}");
            if (order.WasRefused)
                charges[order.Prompt].ShouldBeEmpty($"refused, and charged: {order}");
            foreach (var id in order.Answers.Select(answer => answer.GenerationId).OfType<string>().Distinct(StringComparer.Ordinal))
            {
                settled.ShouldContainKey(id, $"answered, but not in the ledger: {order}");
                (settled[id].Tenant, settled[id].PromptHash).ShouldBe((order.Tenant, LedgerSnapshot.Hash(order.Prompt)));
            }
            order.Answers.ShouldAllBe(answer => answer.Status != 500);
            order.Answers.Where(answer => answer.Status == 503).ShouldAllBe(answer => answer.RetryAfter);
        }
    }

    /// <summary>
    /// After <see cref="RepeatAsync"/>, once nothing is unknown: the last answer to a client who asks again is the
    /// outcome.
    /// </summary>
    public void MustKnow(IReadOnlyList<Charge> invoice)
    {
        var charges = invoice.ToLookup(charge => charge.Prompt, StringComparer.Ordinal);
        foreach (var order in Orders.Where(order => order is { AsksAgain: true, IsJob: false }))
        {
            if (charges[order.Prompt].SingleOrDefault() is { } charge)
                order.Answers[^1].GenerationId.ShouldBe(charge.GenerationId, $"{order}");
        }
    }

    public void Dispose() => _client.Dispose();

    private static HttpClient Patient(TimeSpan most)
    {
        var client = SecretScanningHandler.CreateClient();
        client.Timeout = most;
        return client;
    }

    private async Task<JsonNode> UsageAsync(string tenant)
    {
        using var response = await AskForUsageAsync(tenant);
        return await response.EnsureSuccessStatusCode().JsonAsync();
    }

    private async Task<HttpResponseMessage> AskForUsageAsync(string tenant)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateways()[0], "/v1/usage"));
        request.Headers.Add("X-Tenant-Id", tenant);
        return await _client.SendAsync(request);
    }

    private async Task ClientAsync(int client, Random random, CancellationToken stop)
    {
        var open = new Queue<Order>();
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var order = open.Count > 0 && random.Next(2) == 0 ? open.Dequeue() : New(client, n, random);
            using var hangUp = new CancellationTokenSource(Patience(order, random));
            var addresses = gateways();
            await order.SendAsync(_client, addresses[random.Next(addresses.Count)], hangUp.Token);
            if (order.IsOpen)
                open.Enqueue(order);
            // The gateway is down or refuses: wait a moment, as clients do.
            if (order.Answers[^1].Status is 0 or 503)
                await Task.Delay(order.IsRepeated ? random.Next(150, 300) : random.Next(5, 60), CancellationToken.None);
        }
    }

    /// <returns>Milliseconds after which the client disconnects.</returns>
    private static int Patience(Order order, Random random) =>
        order.IsRepeated ? (random.Next(4) == 0 ? random.Next(150, 300) : 20_000)
        : random.Next(25) == 0 ? random.Next(1, 50)
        : 20_000;

    private Order New(int client, int n, Random random)
    {
        var hasKey = random.Next(2) == 0;
        var isRepeated = !hasKey && random.Next(3) == 0;
        var isJob = !isRepeated && random.Next(3) == 0;
        var faults =
            isJob ? JobFaults
            : isRepeated ? SlowFaults
            : Faults;
        var fault = isRepeated || random.Next(4) == 0 ? $" [sim:{faults[random.Next(faults.Length)]}]" : "";
        var order = new Order(
            tenants[random.Next(tenants.Count)],
            $"order {client}-{n}-{random.NextInt64()}{fault}",
            random.Next(1, 9),
            hasKey ? $"key-{client}-{n}" : null,
            isRepeated,
            isJob
        );
        _orders.Enqueue(order);
        return order;
    }
}
