using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

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

    [Fact]
    public async Task While_a_caller_of_its_tenant_waits_at_another_replica_no_job_is_sent()
    {
        var one = Account with { ConcurrentGenerations = 1 };
        var (here, there) = (await StartAsync(one), await StartAsync(one));
        var running = await here.AdmittedAsync(Request(Team()));
        _ = there.AdmitAsync(Request(Team()), CancellationToken.None);
        await there.UntilWaitingAsync(1);
        // What it left is not swept before its lease is over.
        await Harness.CrashAsync(there);
        await QueueAsync(here, Team());

        await here.SettleAsync(running.ReservationId, Cost("g"));
        await here.EndAsync("g");
        await PassAsync(here, 3);

        Claimed.ShouldBeEmpty();
    }
}
