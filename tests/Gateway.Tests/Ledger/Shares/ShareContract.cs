using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Shares;

/// <summary>The account is shared by weight, and no tenant can take it from another.</summary>
public abstract class ShareContract : LedgerTest
{
    private static readonly QuotaOptions Account = new() { RepeatWindow = TimeSpan.Zero };
    private int _generation;

    [Fact]
    public async Task A_request_beside_a_thousand_of_another_tenant_is_sent_within_one_turn()
    {
        var ledger = await Harness.StartAsync(Account with { ConcurrentGenerations = 1 });
        var running = await ledger.AdmittedAsync(Request(Tenant("a")));
        var many = Enumerable.Range(0, 1000).Select(_ => ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ToList();
        await ledger.UntilWaitingAsync(1000);
        var one = ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None);
        await ledger.UntilWaitingAsync(1001);

        await EndAsync(ledger, running);

        (await one).ShouldBeOfType<Admission.Admitted>();
        many.ShouldAllBe(waiting => !waiting.IsCompleted);
    }

    [Fact]
    public async Task A_tenant_alone_uses_everything_and_leaves_the_last_slot_to_one_that_asked_lately()
    {
        var ledger = await Harness.StartAsync(Account);
        var only = await AdmitAsync(ledger, "a", 10);
        (await ledger.AdmittedLaterAsync(Request(Tenant("a")))).IsCompleted.ShouldBeFalse("ten run");
        var other = ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None);
        await ledger.UntilWaitingAsync(2);
        await EndAsync(ledger, only[0]);
        await EndAsync(ledger, (Admission.Admitted)await other);

        // Nine of a run. It waits for the tenth, although that is free.
        await ledger.FreshAsync(Tenant("a"));
        ledger.Waiting.ShouldBe(1);

        // Whose turn it may be finds it free.
        await EndAsync(ledger, await ledger.AdmittedAsync(Request(Tenant("b"))));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(50));
        (await ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None)).ShouldBeOfType<Admission.Admitted>();
    }

    [Fact]
    public async Task A_tenant_that_asks_now_and_then_finds_a_slot_free_each_time()
    {
        var ledger = await Harness.StartAsync(Account);
        await AdmitAsync(ledger, "b", 1);
        var greedy = await AdmitAsync(ledger, "a", 8);
        var waiting = await ledger.AdmittedLaterAsync(Request(Tenant("a")));
        waiting.IsCompleted.ShouldBeFalse("one runs of five that are its share, and the tenth is kept for it");

        await ledger.AdmittedAsync(Request(Tenant("b")));
        await EndAsync(ledger, greedy[0]);
        await ledger.FreshAsync(Tenant("a"));
        waiting.IsCompleted.ShouldBeFalse("it has two, and the next is kept for it");

        await AdmitAsync(ledger, "b", 1);
        foreach (var one in greedy.Skip(1).Take(2))
        {
            await EndAsync(ledger, one);
            await AdmitAsync(ledger, "b", 1);
        }
        await EndAsync(ledger, greedy[3]);
        (await waiting).ShouldBeOfType<Admission.Admitted>("it has four, less than its share");
    }

    [Fact]
    public async Task After_ten_minutes_without_a_request_nothing_is_kept_for_a_tenant()
    {
        var ledger = await Harness.StartAsync(
            Account with
            {
                QueueTimeout = TimeSpan.FromHours(1),
                GenerationTimeLimit = TimeSpan.FromHours(1),
            }
        );
        await EndAsync(ledger, await ledger.AdmittedAsync(Request(Tenant("b"))));
        await AdmitAsync(ledger, "a", 9);
        var tenth = await ledger.AdmittedLaterAsync(Request(Tenant("a")));
        tenth.IsCompleted.ShouldBeFalse();

        // In steps, so that the lease is renewed.
        for (var seconds = 0; seconds < 11 * 60; seconds += 20)
        {
            await Harness.AdvanceAsync(TimeSpan.FromSeconds(20));
            await ledger.FreshAsync(Tenant("a"));
            if (seconds < 9 * 60)
                tenth.IsCompleted.ShouldBeFalse();
        }

        (await tenth).ShouldBeOfType<Admission.Admitted>();
    }

    [Fact]
    public async Task Shares_follow_the_weights()
    {
        Harness.Weights["c"] = 2;
        var ledger = await Harness.StartAsync(Simulated);

        var shares = await SimulateAsync(["a", "b", "c"], [ledger]);

        AssertByWeight(shares);
    }

    [Theory]
    [InlineData("the key")]
    [InlineData(null)]
    public async Task A_request_that_comes_back_keeps_its_place(string? key)
    {
        var ledger = await Harness.StartAsync(Account with { ConcurrentGenerations = 1, GenerationTimeLimit = TimeSpan.FromHours(1) });
        var running = await ledger.AdmittedAsync(Request(Tenant("a"), body: "running"));
        var first = ledger.AdmitAsync(Request(Tenant("a"), key: key, body: "first"), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);
        await Harness.TurnUntilAsync(first);
        var retryAfter = (await first).ShouldBeOfType<Admission.Saturated>().RetryAfter;
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(retryAfter + 25));
        var later = await ledger.AdmittedLaterAsync(Request(Tenant("a"), body: "later"));

        var again = ledger.AdmitAsync(Request(Tenant("a"), key: key, body: "first"), CancellationToken.None);
        await ledger.UntilWaitingAsync(2);
        await EndAsync(ledger, running);

        (await again).ShouldBeOfType<Admission.Admitted>();
        later.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task The_Retry_After_of_one_that_gives_up_early_counts_those_before_it()
    {
        var ledger = await Harness.StartAsync(Account with { ConcurrentGenerations = 1, GenerationTimeLimit = TimeSpan.FromHours(1) });
        for (var sent = 0; sent < 9; sent++)
            await EndAsync(ledger, await ledger.AdmittedAsync(Request(Tenant("x"))));
        await ledger.AdmittedAsync(Request(Tenant("x")));
        for (var n = 0; n < 9; n++)
            await ledger.AdmittedLaterAsync(Request(Tenant("a"), body: $"{n}"));

        var hasty = await ledger.AdmittedLaterAsync(Request(Tenant("a"), body: "hasty") with { WaitsFor = TimeSpan.FromSeconds(5) });
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(5));
        await ledger.FreshAsync(Tenant("a"));

        // The tenth, of ten a minute.
        (await hasty)
            .ShouldBeOfType<Admission.Saturated>()
            .RetryAfter.ShouldBe(60);
    }

    [Fact]
    public async Task Requests_of_more_tenants_than_are_looked_at_at_once_keep_their_order()
    {
        var ledger = await Harness.StartAsync(Account with { ConcurrentGenerations = 1, GenerationsPerMinute = 1000 });
        var running = await ledger.AdmittedAsync(Request(Tenant("x")));
        // Each of these has had a turn more than the last one.
        var first = Enumerable.Range(0, 100).Select(n => ledger.AdmitAsync(Request(Tenant($"t{n}")), CancellationToken.None)).ToList();
        await ledger.UntilWaitingAsync(100);
        for (var n = 0; n < 100; n++)
        {
            await EndAsync(ledger, running);
            var next = await Task.WhenAny(first);
            first.Remove(next);
            running = (Admission.Admitted)await next;
        }
        var again = Enumerable
            .Range(0, 100)
            .Select(n => ledger.AdmitAsync(Request(Tenant($"t{n}"), body: "2"), CancellationToken.None))
            .ToList();
        await ledger.UntilWaitingAsync(100);
        var newcomer = await ledger.AdmittedLaterAsync(Request(Tenant("new")));

        await EndAsync(ledger, running);

        (await newcomer).ShouldBeOfType<Admission.Admitted>();
        again.ShouldAllBe(waiting => !waiting.IsCompleted);
    }

    [Fact]
    public async Task Position_and_estimate_follow_from_the_rate_of_the_last_minute()
    {
        Harness.Weights["b"] = 2;
        var ledger = await Harness.StartAsync(Account with { ConcurrentGenerations = 1 });
        for (var sent = 0; sent < 19; sent++)
            await EndAsync(ledger, await ledger.AdmittedAsync(Request(Tenant("x"))));
        var running = await ledger.AdmittedAsync(Request(Tenant("x")));
        var waiting = Enumerable.Range(0, 9).Select(_ => ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ToList();
        waiting.AddRange(Enumerable.Range(0, 9).Select(_ => ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None)));
        await ledger.UntilWaitingAsync(18);

        var queue = (await ledger.UsageAsync(Tenant("a"), CancellationToken.None)).Queue;

        // Its own first one, after at most two of b; twenty were sent in a minute.
        (queue.Waiting, queue.Position, queue.Seconds).ShouldBe((9, 3, 9));
        await EndAsync(ledger, running);
        await Harness.TurnUntilAsync(Task.WhenAll(waiting));
    }

    private protected static readonly QuotaOptions Simulated = Account with
    {
        ConcurrentGenerations = 4,
        QueueTimeout = TimeSpan.FromHours(1),
        GenerationTimeLimit = TimeSpan.FromHours(1),
    };

    /// <summary>Ten minutes in which every generation takes 15 s and each tenant wants more all the time.</summary>
    /// <returns>Generations by tenant.</returns>
    private protected async Task<Dictionary<string, int>> SimulateAsync(string[] tenants, QuotaLedger[] replicas)
    {
        using var end = new CancellationTokenSource();
        var waiting = new List<(string Tenant, QuotaLedger Ledger, Task<Admission> Task)>();
        var running = new List<(string Tenant, QuotaLedger Ledger, Admission.Admitted Admitted)>();
        var shares = tenants.ToDictionary(tenant => tenant, _ => 0);
        // The first round does not count: the tenant that asks first is alone for a moment, and may use everything.
        for (var seconds = -15; seconds < 600; seconds += 15)
        {
            if (seconds == 0)
                shares = tenants.ToDictionary(tenant => tenant, _ => 0);
            foreach (var (tenant, at) in tenants.Select((tenant, at) => (tenant, at)))
            {
                while (waiting.Count(one => one.Tenant == tenant) < 6)
                    waiting.Add(
                        (
                            tenant,
                            replicas[at % replicas.Length],
                            replicas[at % replicas.Length].AdmitAsync(Request(Tenant(tenant)), end.Token)
                        )
                    );
            }
            // Each replica looks for free slots with its next batch.
            for (var round = 0; running.Count < 4 && round < 100; round++)
            {
                foreach (var replica in replicas)
                    await replica.FreshAsync(Tenant("x"));
                await Task.Yield();
                foreach (var one in waiting.Where(one => one.Task.IsCompleted).ToList())
                {
                    waiting.Remove(one);
                    running.Add((one.Tenant, one.Ledger, (await one.Task).ShouldBeOfType<Admission.Admitted>()));
                    shares[one.Tenant]++;
                }
            }
            running.Count.ShouldBe(4, "no slot is free while requests wait");
            await Harness.AdvanceAsync(TimeSpan.FromSeconds(15));
            foreach (var (_, ledger, admitted) in running)
                await EndAsync(ledger, admitted);
            running.Clear();
        }
        await end.CancelAsync();
        await Task.WhenAll(waiting.Select(one => one.Task)).ContinueWith(_ => { }, TaskScheduler.Default);
        return shares;
    }

    /// <summary>Weights 1, 1 and 2: within 5 %, and fair by Jain's index.</summary>
    private protected static void AssertByWeight(Dictionary<string, int> shares)
    {
        var total = (double)shares.Values.Sum();
        foreach (var (tenant, weight) in (ReadOnlySpan<(string, double)>)[("a", 0.25), ("b", 0.25), ("c", 0.5)])
            (shares[tenant] / total).ShouldBeInRange(weight * 0.95, weight * 1.05, $"{tenant} of {string.Join(", ", shares)}");
        double[] perWeight = [shares["a"], shares["b"], shares["c"] / 2.0];
        var jain = Math.Pow(perWeight.Sum(), 2) / (3 * perWeight.Sum(one => one * one));
        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join(", ", shares)}, Jain's index {jain:0.0000}");
        jain.ShouldBeGreaterThanOrEqualTo(0.95);
    }

    private protected async Task EndAsync(QuotaLedger ledger, Admission.Admitted admitted)
    {
        var generation = $"g{++_generation}";
        await ledger.SettleAsync(admitted.ReservationId, Cost(generation));
        await ledger.EndAsync(generation);
    }

    private static async Task<List<Admission.Admitted>> AdmitAsync(QuotaLedger ledger, string tenant, int count)
    {
        var admitted = new List<Admission.Admitted>();
        for (var i = 0; i < count; i++)
            admitted.Add(await ledger.AdmittedAsync(Request(Tenant(tenant))));
        return admitted;
    }
}
