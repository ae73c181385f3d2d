using Gateway.Tenants;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Ledger.Jobs;

public sealed class SqliteJobTests : JobContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class PostgreSqlJobTests : JobContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();

    [Fact]
    public async Task Two_replicas_send_each_job_once()
    {
        var many = Account with { ConcurrentGenerations = 100, GenerationsPerMinute = 1000 };
        var (here, there) = (await StartAsync(many), await StartAsync(many));
        Team(new QuotaLimits(JobsQueued: null));
        var accepted = await Task.WhenAll(Enumerable.Range(0, 60).Select(n => QueueAsync(n % 2 == 0 ? here : there, Tenants["a"])));

        var sent = new List<Guid>();
        while (sent.Count < accepted.Length)
            sent.Add((await NextAsync(here)).Reservation.JobId!.Value);

        await PassAsync(there, 3);
        Claimed.ShouldBeEmpty();
        sent.Order().ShouldBe(accepted.Order());
    }
}
