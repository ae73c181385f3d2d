using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Jobs;

/// <summary>
/// Jobs are held when they are accepted, sent once when their turn comes, and cost nothing otherwise.
/// </summary>
public abstract class JobContract : JobTest
{
    [Fact]
    public async Task A_job_is_held_at_once_and_sent_when_its_turn_comes()
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1 });
        var running = await ledger.AdmittedAsync(Request(Team()));

        await QueueAsync(ledger, Team(), images: 3);
        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(4);
        (await ledger.QuotaAsync(Team(), "jobs-queued")).Used.ShouldBe(1);
        (await ledger.QuotaAsync(Team(), "requests-minute")).Used.ShouldBe(1, "what is not sent is no request of this minute");
        Claimed.ShouldBeEmpty();
        await ledger.SettleAsync(running.ReservationId, Cost("g"));
        await ledger.EndAsync("g");

        var job = await NextAsync(ledger);
        (await ledger.QuotaAsync(Team(), "requests-minute")).Used.ShouldBe(2);
        await ledger.SettleAsync(job.Reservation.Id, Cost("of the job"));

        var images = await ledger.QuotaAsync(Team(), "images-day");
        (images.Used, images.Held).ShouldBe((4, 0));
        (await ledger.QuotaAsync(Team(), "jobs-queued")).Used.ShouldBe(0);
    }

    [Fact]
    public async Task Five_hundred_jobs_against_a_quota_of_four_hundred_are_four_hundred()
    {
        var team = Team(new QuotaLimits(ImagesPerDay: 400, JobsQueued: null));
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1 });
        await ledger.AdmittedAsync(Request(Tenant("x")));

        var all = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => ledger.AdmitAsync(Job(team), CancellationToken.None)));

        all.OfType<Admission.Queued>().Count().ShouldBe(400);
        all.OfType<Admission.Exceeded>().Count().ShouldBe(100);
    }

    [Fact]
    public async Task No_more_jobs_are_queued_than_the_tenant_may_have()
    {
        var team = Team(new QuotaLimits(JobsQueued: 2));
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1 });
        await ledger.AdmittedAsync(Request(Tenant("x")));
        await QueueAsync(ledger, team);
        await QueueAsync(ledger, team);

        (await ledger.AdmitAsync(Job(team), CancellationToken.None))
            .ShouldBeOfType<Admission.Exceeded>()
            .Policies()
            .ShouldBe(["jobs-queued"]);
        (
            await ledger
                .AdmitAsync(Request(team), CancellationToken.None)
                .WaitAsync(TimeSpan.FromMilliseconds(1))
                .ContinueWith(task => task.IsFaulted)
        ).ShouldBeTrue("a request with a caller is no job, and waits for the slot");
        await Harness.AdvanceAsync(Account.QueueTimeout);
        await ledger.FreshAsync(team);
    }

    [Fact]
    public async Task Generations_at_once_and_requests_of_a_minute_count_when_a_job_is_sent()
    {
        var team = Team(new QuotaLimits(RequestsPerMinute: 3, ConcurrentGenerations: 2));
        var ledger = await StartAsync(Account);
        for (var n = 0; n < 5; n++)
            await QueueAsync(ledger, team);

        var (first, second) = (await NextAsync(ledger), await NextAsync(ledger));
        await PassAsync(ledger, 3);
        Claimed.ShouldBeEmpty("two run");
        await FinishAsync(ledger, first);
        await FinishAsync(ledger, second);
        await FinishAsync(ledger, await NextAsync(ledger));
        await PassAsync(ledger, 3);
        Claimed.ShouldBeEmpty("three were sent in this minute");

        await Harness.AdvanceAsync(Minute.Length);
        await FinishAsync(ledger, await NextAsync(ledger));
        await FinishAsync(ledger, await NextAsync(ledger));
        (await ledger.QuotaAsync(team, "images-day")).Used.ShouldBe(5);
    }

    [Fact]
    public async Task Jobs_are_sent_in_their_order_and_after_requests_with_a_caller()
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1 });
        var running = await ledger.AdmittedAsync(Request(Team()));
        var (first, second) = (await QueueAsync(ledger, Team()), await QueueAsync(ledger, Team()));
        var waiting = await ledger.AdmittedLaterAsync(Request(Team(), body: "with a caller"));

        await FinishAsync(ledger, running.ReservationId);
        var served = (Admission.Admitted)await waiting;
        Claimed.ShouldBeEmpty();
        await FinishAsync(ledger, served.ReservationId);

        foreach (var id in (Guid[])[first, second])
        {
            var job = await NextAsync(ledger);
            job.Reservation.JobId.ShouldBe(id);
            await FinishAsync(ledger, job);
        }
    }

    [Fact]
    public async Task A_queued_job_can_be_cancelled_and_costs_nothing()
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1 });
        var running = await ledger.AdmittedAsync(Request(Tenant("x")));
        await QueueAsync(ledger, Team(), images: 4, key: "k");
        var reservation = (await ReservationsAsync(ledger)).ShouldHaveSingleItem();

        for (var again = 0; again < 2; again++)
            (await ledger.Jobs.CancelAsync(reservation, CancellationToken.None))!.Outcome.ShouldBe(JobRules.Canceled);

        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(0);
        await FinishAsync(ledger, running.ReservationId);
        await PassAsync(ledger, 3);
        Claimed.ShouldBeEmpty();
        (await ledger.AdmitAsync(Job(Team(), key: "k"), CancellationToken.None)).ShouldBeOfType<Admission.Queued>().IsReplay.ShouldBeTrue();
        await QueueAsync(ledger, Team());
        var sent = await NextAsync(ledger);
        (await ledger.Jobs.CancelAsync(sent.Reservation.Id, CancellationToken.None))!.State.ShouldBe(ReservationState.Forwarding);
    }

    [Fact]
    public async Task Free_slots_are_filled_without_waiting()
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 10 });
        await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => QueueAsync(ledger, Team())));

        await Eventually.HoldsAsync(() => Claimed.Count == 10);
    }

    /// <summary>The store is slow: it takes the request after its caller was refused.</summary>
    [Theory]
    [InlineData("k")]
    [InlineData(null)]
    public async Task One_whose_caller_was_refused_is_withdrawn(string? key)
    {
        var options = Account with { RepeatWindow = TimeSpan.FromMinutes(10), ConcurrentGenerations = 1 };
        var ledger = await StartAsync(options);
        await ledger.AdmittedAsync(Request(Tenant("x")));
        Task<Admission>? admitting = null;
        var isSlow = true;
        ledger.OnCommitted(
            (batch, _) =>
            {
                if (!isSlow || batch.Jobs.New.Count == 0)
                    return;
                isSlow = false;
                Harness.Time.Advance(options.StoreTimeout * 2);
                SpinWait.SpinUntil(() => admitting is { IsCompleted: true }, TimeSpan.FromSeconds(5));
            }
        );

        admitting = ledger.AdmitAsync(Job(Team(), key: key), CancellationToken.None);

        (await admitting).ShouldBeOfType<Admission.Unavailable>();
        await Harness.UntilAsync(async () => (await ledger.QuotaAsync(Team(), "images-day")).Held == 0);
        (await ledger.AdmitAsync(Job(Team(), key: key), CancellationToken.None))
            .ShouldBeOfType<Admission.Queued>()
            .IsReplay.ShouldBeFalse();
    }

    [Fact]
    public async Task One_whose_caller_goes_while_it_is_accepted_is_the_next_equal_callers()
    {
        var ledger = await StartAsync(Account with { RepeatWindow = TimeSpan.FromMinutes(10), ConcurrentGenerations = 1 });
        await ledger.AdmittedAsync(Request(Tenant("x")));
        using var gone = new CancellationTokenSource();
        ledger.OnCommitted(
            (batch, _) =>
            {
                if (batch.Jobs.New.Count > 0)
                    gone.Cancel();
            }
        );

        await Should.ThrowAsync<OperationCanceledException>(() => ledger.AdmitAsync(Job(Team()), gone.Token));

        (await ledger.AdmitAsync(Job(Team()), CancellationToken.None)).ShouldBeOfType<Admission.Queued>().IsReplay.ShouldBeTrue();
        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(1);
    }

    [Fact]
    public async Task A_gateway_that_shuts_down_claims_nothing_and_does_not_ask_the_store_in_a_loop()
    {
        var ledger = await StartAsync(Account);
        await ledger.StoppingAsync(CancellationToken.None);
        var batches = 0;
        ledger.OnCommitted((_, _) => batches++);
        await QueueAsync(ledger, Team());

        SpinWait.SpinUntil(() => batches > 20, TimeSpan.FromSeconds(0.5)).ShouldBeFalse();
        Claimed.ShouldBeEmpty();
    }
}
