using Gateway.Edge;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Ledger.Shares;
using Gateway.Tests.Storage;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

public sealed class PostgreSqlLedgerTests : LedgerContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlSlotTests : SlotContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();

    [Fact]
    public async Task Two_replicas_share_the_slots()
    {
        var here = await Harness.StartAsync(OneSlot);
        var there = await Harness.StartAsync(OneSlot);
        var first = await here.AdmittedAsync(Request(Tenant("a")));
        var second = there.AdmitAsync(Request(Tenant("a")), CancellationToken.None);
        await there.UntilWaitingAsync(1);

        await here.SettleAsync(first.ReservationId, Cost("g"));
        await here.EndAsync("g");

        await Harness.TurnUntilAsync(second, TimeSpan.FromMilliseconds(200));
        (await second).ShouldBeOfType<Admission.Admitted>();
    }
}

public sealed class PostgreSqlShareTests : ShareContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();

    [Fact]
    public async Task Shares_follow_the_weights_with_three_replicas()
    {
        Harness.Weights["c"] = 2;
        var replicas = new[]
        {
            await Harness.StartAsync(Simulated),
            await Harness.StartAsync(Simulated),
            await Harness.StartAsync(Simulated),
        };

        var shares = await SimulateAsync(["a", "b", "c"], replicas);

        AssertByWeight(shares);
    }

    [Fact]
    public async Task A_turn_of_a_replica_that_stopped_is_passed_over_after_a_second()
    {
        var options = Simulated with { ConcurrentGenerations = 1 };
        var (here, there) = (await Harness.StartAsync(options), await Harness.StartAsync(options));
        var running = await here.AdmittedAsync(Request(Tenant("b")));
        foreach (var tenant in (string[])["a1", "a2", "a3"])
            _ = there.AdmitAsync(Request(Tenant(tenant)), CancellationToken.None);
        await there.UntilWaitingAsync(3);
        var waiting = await here.AdmittedLaterAsync(Request(Tenant("b")));
        await Harness.CrashAsync(there);
        await EndAsync(here, running);
        await here.FreshAsync(Tenant("b"));
        waiting.IsCompleted.ShouldBeFalse("it is the turn of the other replica");

        // One second for all of them.
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        await here.FreshAsync(Tenant("b"));

        (await waiting).ShouldBeOfType<Admission.Admitted>();
    }
}

public sealed class PostgreSqlPauseTests : PauseContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();

    [Fact]
    public async Task A_pause_holds_on_every_replica()
    {
        var (here, there) = (await Harness.StartAsync(Account), await Harness.StartAsync(Account));
        await here.ReleaseAsync((await here.AdmittedAsync(Request(Tenant("a")))).ReservationId, TooMany with { RetryAfter = 30 });

        var waiting = await there.AdmittedLaterAsync(Request(Tenant("b")));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(29));
        await there.FreshAsync(Tenant("b"));
        waiting.IsCompleted.ShouldBeFalse();

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        await there.FreshAsync(Tenant("b"));
        (await waiting).ShouldBeOfType<Admission.Admitted>();
    }
}

public sealed class PostgreSqlMinuteShareTests : MinuteShareContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlIdempotencyTests : IdempotencyContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlCrashTests : CrashContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlClockTests : ClockContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlFailedDecisionTests : FailedDecisionContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlPriceTests : PriceContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();

    [Fact]
    public async Task A_cost_stated_at_one_replica_is_reserved_at_the_other()
    {
        var here = await Harness.StartAsync();
        var there = await Harness.StartAsync();
        await there.AdmittedAsync(Request(Tenant("a"), micros: 10));
        var first = await here.AdmittedAsync(Request(Tenant("a"), micros: 10));

        await here.SettleAsync(first.ReservationId, Cost("g", 1_000));

        (await there.AdmittedAsync(Request(Tenant("b"), micros: 10))).Quotas.Quota("usd-month").Held.ShouldBe(1_000);
        await Harness.ResetPriceRatioAsync(there, Model);
        (await here.AdmittedAsync(Request(Tenant("c"), micros: 10))).Quotas.Quota("usd-month").Held.ShouldBe(10);
    }
}

public sealed class PostgreSqlAuditTests : AuditContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlNeverSentTests : NeverSentContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlRepeatTests : RepeatContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();

    [Fact]
    public async Task What_a_replica_left_undelivered_is_answered_by_another()
    {
        var (here, there) = (await StartAsync(), await StartAsync());
        var first = await SettledAsync(here, "g");
        await here.Answers.HangUpAsync(first.Answer!);

        (await ReplayedAsync(there)).Outcome.Settlement!.GenerationId.ShouldBe("g");
    }

    [Fact]
    public async Task What_another_replica_is_still_writing_is_waited_for_until_its_next_sign_of_life()
    {
        var (here, there) = (await StartAsync(), await StartAsync());
        var first = await here.AdmittedAsync(Request(Tenant("a")));
        (await there.AdmitAsync(Request(Tenant("a"), body: "short"), CancellationToken.None)).ShouldBeOfType<Admission.Admitted>();
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        await here.SettleAsync(first.ReservationId, Cost("g"));
        await Harness.AdvanceAsync(TimeSpan.FromMilliseconds(10));

        var owed = (await there.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ShouldBeOfType<Admission.OwedElsewhere>();
        var waiting = Request(Tenant("a")) with { WaitsSince = owed.At };
        (await there.AdmitAsync(waiting, CancellationToken.None)).ShouldBeOfType<Admission.OwedElsewhere>();
        await Harness.AdvanceAsync(TimeSpan.FromMilliseconds(10));
        here.Answers.Deliver(first.Answer!);
        await here.AdmittedAsync(Request(Tenant("b")));

        (await there.AdmitAsync(waiting, CancellationToken.None)).ShouldBeOfType<Admission.Admitted>();
    }

    [Fact]
    public async Task A_replica_that_has_not_recorded_everything_yet_gives_no_sign_of_life()
    {
        var (here, there) = (await StartAsync(), await StartAsync());
        var first = await here.AdmittedAsync(Request(Tenant("a")));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        await here.SettleAsync(first.ReservationId, Cost("g"));
        await Harness.AdvanceAsync(TimeSpan.FromMilliseconds(10));
        var owed = (await there.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ShouldBeOfType<Admission.OwedElsewhere>();
        var waiting = Request(Tenant("a")) with { WaitsSince = owed.At };
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));

        // The report fails, and is not tried again before the clock goes on.
        var hangUp = Task.CompletedTask;
        await ((PostgreSqlHarness)Harness).FailAsync(() => hangUp = here.Answers.HangUpAsync(first.Answer!));
        await here.AdmittedAsync(Request(Tenant("b")));
        (await there.AdmitAsync(waiting, CancellationToken.None)).ShouldBeOfType<Admission.OwedElsewhere>();

        await Harness.TurnUntilAsync(hangUp);
        (await there.AdmitAsync(waiting, CancellationToken.None)).ShouldBeOfType<Admission.Replayed>();
    }

    [Fact]
    public async Task A_replica_gives_no_sign_of_life_for_the_time_after_a_caller_left_whose_leaving_is_not_recorded()
    {
        var (here, there) = (await StartAsync(), await StartAsync());
        var first = await here.AdmittedAsync(Request(Tenant("a")));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        var left = Harness.Time.GetTimestamp();
        var owed = (await there.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ShouldBeOfType<Admission.OwedElsewhere>();
        var waiting = Request(Tenant("a")) with { WaitsSince = owed.At };

        here.Answers.CallersRecordedUntil = () => left;
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10));
        await here.AdmittedAsync(Request(Tenant("b")));
        (await there.AdmitAsync(waiting, CancellationToken.None)).ShouldBeOfType<Admission.OwedElsewhere>();

        await here.Answers.HangUpAsync(first.Answer!);
        (await there.AdmitAsync(waiting, CancellationToken.None)).ShouldBeOfType<Admission.Joined>();
    }

    [Fact]
    public async Task What_a_lost_transaction_would_have_said_is_not_said_by_the_next_renewal_of_the_lease()
    {
        using var decided = new SemaphoreSlim(0);
        using var ended = new ManualResetEventSlim();
        var ledger = await StartAsync();
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        var before = Harness.Time.GetUtcNow();

        var lost = Task.Run(() => ledger.Store.RunAsync(new LedgerKeys(), Decide, CancellationToken.None));
        await decided.WaitAsync(TestContext.Current.CancellationToken);
        await ((PostgreSqlHarness)Harness).EndAsync("state = 'idle in transaction'");
        ended.Set();
        await Should.ThrowAsync<StoreUnavailableException>(() => lost);
        await ledger.Store.RunAsync(new LedgerKeys(), Renew, CancellationToken.None);

        var seen = await Harness.DatabaseOf(ledger).NumberAsync("select max(heartbeat_at) from instance");
        UnixMicroseconds.ToTime(seen).ShouldBeLessThan(before);

        void Decide(LedgerUnitOfWork state)
        {
            state.SeenAt = state.Now;
            Renew(state);
            decided.Release();
            ended.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue();
        }

        static void Renew(LedgerUnitOfWork state) => state.Renew(state.Now + TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_caller_of_another_replica_who_waits_for_the_images_is_not_forgotten(bool waits)
    {
        var (here, there) = (await StartAsync(), await StartAsync());
        var first = await here.AdmittedAsync(Request(Tenant("a")) with { CallerWaits = waits });
        await here.SettleAsync(first.ReservationId, Cost("g"));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(2));

        var repeat = await there.AdmitAsync(Request(Tenant("a")), CancellationToken.None);

        repeat.ShouldBeOfType(waits ? typeof(Admission.OwedElsewhere) : typeof(Admission.Admitted));
    }
}
