using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Jobs;

/// <summary>How a job that was sent, or could not be, ends or goes on.</summary>
public abstract class JobRetryContract : JobTest
{
    [Theory]
    [InlineData("upstream-credentials", 502)]
    [InlineData("upstream-unreachable", 502)]
    [InlineData("upstream-out-of-credit", 503)]
    public async Task What_fails_for_an_outside_cause_is_tried_again_as_a_new_reservation(string problem, int status)
    {
        var ledger = await StartAsync(Account);
        var id = await QueueAsync(ledger, Team(), images: 2, key: "k");
        var first = await NextAsync(ledger);

        await ledger.ReleaseAsync(first.Reservation.Id, new Outcome(problem, status, "No."));

        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(2, "what it holds is never given away");
        (await ledger.AdmitAsync(Job(Team(), key: "k", images: 2), CancellationToken.None))
            .ShouldBeOfType<Admission.Queued>()
            .JobId.ShouldBe(id);
        var second = await NextAsync(ledger);
        second.Reservation.JobId.ShouldBe(id);
        second.Reservation.Id.ShouldNotBe(first.Reservation.Id);
        second.Reservation.Fingerprint.Seed.ShouldNotBe(first.Reservation.Fingerprint.Seed);
        (await RequestOfAsync(ledger, second)).ShouldBe(
            $"{{\"parameters\":{{\"seed\":{second.Reservation.Fingerprint.Seed},\"quantity\":1}}}}"
        );
        (await RequestOfAsync(ledger, first)).ShouldBeNull();
        (await ColumnAsync(ledger, $"select count(*) from reservation where request_id = '{RequestId}'")).ShouldBe(2);
        await FinishAsync(ledger, second);
        (await ledger.QuotaAsync(Team(), "images-day")).Used.ShouldBe(2);
    }

    [Fact]
    public async Task One_that_was_claimed_and_certainly_not_sent_gets_its_turn_again()
    {
        var ledger = await StartAsync(Account);
        var id = await QueueAsync(ledger, Team());
        var first = await NextAsync(ledger);

        ledger.Jobs.Unsend(first);

        var second = await NextAsync(ledger);
        second.Reservation.JobId.ShouldBe(id);
        second.Reservation.Id.ShouldNotBe(first.Reservation.Id);
        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(1);
    }

    [Fact]
    public async Task One_that_always_fails_is_not_tried_in_a_loop()
    {
        var ledger = await StartAsync(Account);
        await QueueAsync(ledger, Team());
        var tries = 0;
        for (var second = 0; second < 60; second++)
        {
            while (Claimed.TryDequeue(out var job))
            {
                tries++;
                await ledger.ReleaseAsync(job.Reservation.Id, new Outcome("upstream-credentials", 502, "No."));
            }
            await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
            await ledger.FreshAsync(Team());
        }

        tries.ShouldBeInRange(4, 7);
    }

    [Theory]
    [InlineData("upstream-credentials", 502, false)]
    [InlineData("upstream-saturated", 503, true)]
    public async Task Failures_of_one_round_pause_once_and_the_accounts_own_refusals_do_not(string problem, int status, bool isReady)
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 10 });
        for (var n = 0; n < 6; n++)
            await QueueAsync(ledger, Team());
        for (var n = 0; n < 6; n++)
            await ledger.ReleaseAsync((await NextAsync(ledger)).Reservation.Id, new Outcome(problem, status, "No.", RetryAfter: 1));

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1.5));
        await ledger.FreshAsync(Team());
        await Harness.UntilAsync(() => Task.FromResult(!isReady || !Claimed.IsEmpty));
        Claimed.IsEmpty.ShouldBe(!isReady);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        await ledger.FreshAsync(Team());
        await Harness.UntilAsync(() => Task.FromResult(!Claimed.IsEmpty));
    }

    [Fact]
    public async Task What_Leonardo_refuses_is_not_tried_again()
    {
        var ledger = await StartAsync(Account);
        await QueueAsync(ledger, Team(), images: 2);

        await ledger.ReleaseAsync((await NextAsync(ledger)).Reservation.Id, Refused);

        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(0);
        (await ledger.QuotaAsync(Team(), "requests-minute")).Used.ShouldBe(1);
        await PassAsync(ledger, 5);
        Claimed.ShouldBeEmpty();
    }

    [Fact]
    public async Task One_of_unknown_outcome_is_held_and_tried_again_only_when_there_is_no_generation()
    {
        var ledger = await StartAsync(Account);
        await QueueAsync(ledger, Team());
        var first = await NextAsync(ledger);
        await ledger.UnknownAsync(first.Reservation.Id, Unclear);
        await PassAsync(ledger, 5);
        Claimed.ShouldBeEmpty();

        (await ledger.ReconcileAsync(first.Reservation.Id, new ReconciliationResult.Absent(Unclear, "absent"))).ShouldBeTrue();
        var second = await NextAsync(ledger);
        await ledger.UnknownAsync(second.Reservation.Id, Unclear);
        await ledger.ReconcileAsync(second.Reservation.Id, new ReconciliationResult.Found(Cost("found"), "found"));

        var images = await ledger.QuotaAsync(Team(), "images-day");
        (images.Used, images.Held).ShouldBe((1, 0));
        await PassAsync(ledger, 5);
        Claimed.ShouldBeEmpty();
    }

    [Fact]
    public async Task Ended_jobs_are_forgotten_after_a_day_at_the_earliest_and_others_are_not()
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1, JobMaxAge = TimeSpan.FromDays(9) });
        await QueueAsync(ledger, Team());
        await FinishAsync(ledger, await NextAsync(ledger));
        await ledger.AdmittedAsync(Request(Tenant("x")));
        await QueueAsync(ledger, Team());

        await Harness.AdvanceAsync(TimeSpan.FromHours(23));
        await Harness.PruneResultsAsync(ledger);
        (await ColumnAsync(ledger, "select count(*) from job")).ShouldBe(2);
        await Harness.AdvanceAsync(TimeSpan.FromHours(2));
        await Harness.PruneResultsAsync(ledger);
        (await ColumnAsync(ledger, "select count(*) from job")).ShouldBe(1);
    }

    [Fact]
    public async Task What_an_operator_releases_without_proof_is_not_sent_again()
    {
        var ledger = await StartAsync(Account);
        await QueueAsync(ledger, Team());
        var job = await NextAsync(ledger);
        await ledger.UnknownAsync(job.Reservation.Id, Unclear);

        await ledger.ReconcileAsync(job.Reservation.Id, new ReconciliationResult.Absent(Unclear, "operator", ByOperator: true));

        await PassAsync(ledger, 5);
        Claimed.ShouldBeEmpty();
        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(0);
    }

    [Fact]
    public async Task One_whose_tenant_is_suspended_or_unknown_for_five_minutes_ends_without_a_charge()
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1 });
        await ledger.AdmittedAsync(Request(Tenant("x")));
        await QueueAsync(ledger, Tenant("suspended"));
        await QueueAsync(ledger, Tenant("unknown"));
        await QueueAsync(ledger, Team());
        Tenants.TryRemove("suspended", out _);
        Tenants.TryRemove("unknown", out _);
        Suspended.Add("suspended");

        await PassAsync(ledger, 2);
        (await ledger.QuotaAsync(Tenant("suspended"), "images-day")).Held.ShouldBe(0);
        (await ledger.QuotaAsync(Tenant("unknown"), "images-day")).Held.ShouldBe(
            1,
            "this replica may be the last that reads a new tenants file"
        );

        await Harness.AdvanceAsync(TimeSpan.FromMinutes(5));
        await PassAsync(ledger, 2);
        (await ledger.QuotaAsync(Tenant("unknown"), "images-day")).Held.ShouldBe(0);
        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(1);
    }

    [Fact]
    public async Task What_has_become_too_old_while_the_gateway_was_down_ends_before_it_is_audited()
    {
        var ledger = await StartAsync(Account with { ConcurrentGenerations = 1 });
        await ledger.AdmittedAsync(Request(Tenant("x")));
        await QueueAsync(ledger, Team());
        await Harness.StopAsync(ledger);
        await Harness.AdvanceAsync(Account.JobMaxAge * 2);

        var next = await StartAsync(Account);

        (await next.QuotaAsync(Team(), "jobs-queued")).Used.ShouldBe(0);
        (await WholeAudit.RunAsync(Harness.DatabaseOf(next), Account)).ShouldBeEmpty();
        Claimed.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_retry_between_two_audits_is_counted_once()
    {
        var ledger = await StartAsync(Account);
        var audit = new LedgerAudit(Harness.DatabaseOf(ledger), Account, Harness.Time);
        await QueueAsync(ledger, Team());
        (await audit.CheckRecentAsync(CancellationToken.None)).ShouldBeEmpty();

        await ledger.ReleaseAsync((await NextAsync(ledger)).Reservation.Id, new Outcome("upstream-unreachable", 502, "No."));
        await FinishAsync(ledger, await NextAsync(ledger));

        (await audit.CheckRecentAsync(CancellationToken.None)).ShouldBeEmpty();
        (await audit.CheckRecentAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_answer_of_a_job_is_owed_until_it_is_delivered_also_after_another_attempt(bool isDelivered)
    {
        var ledger = await StartAsync(Account with { RepeatWindow = TimeSpan.FromMinutes(10) });
        var first = (Admission.Queued)await ledger.AdmitAsync(Job(Team()), CancellationToken.None);
        await ledger.ReleaseAsync((await NextAsync(ledger)).Reservation.Id, new Outcome("upstream-unreachable", 502, "No."));
        await NextAsync(ledger);

        if (isDelivered)
            ledger.Answers.Deliver(first.Answer!);
        else
            await ledger.Answers.HangUpAsync(first.Answer!);
        var equal = (Admission.Queued)await ledger.AdmitAsync(Job(Team()), CancellationToken.None);

        equal.IsReplay.ShouldBe(!isDelivered);
        (equal.JobId == first.JobId).ShouldBe(!isDelivered);
    }

    [Fact]
    public async Task After_a_crash_what_was_queued_is_sent_and_what_was_being_sent_is_not()
    {
        var ledger = await StartAsync(Account);
        var (sent, queued) = (
            await QueueAsync(ledger, Team(new(ConcurrentGenerations: 1))),
            await QueueAsync(ledger, Team(new(ConcurrentGenerations: 1)))
        );
        (await NextAsync(ledger)).Reservation.JobId.ShouldBe(sent);
        await Harness.CrashAsync(ledger);

        await Harness.AdvanceAsync(TimeSpan.FromMinutes(1));
        Tenants["a"] = Team();
        var next = await StartAsync(Account);
        await next.SweepAsync();

        (await NextAsync(next)).Reservation.JobId.ShouldBe(queued);
        await PassAsync(next, 5);
        Claimed.ShouldBeEmpty();
        (await next.UnknownReservationsAsync(CancellationToken.None)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_job_without_a_key_is_repeated_until_its_answer_is_delivered()
    {
        var ledger = await StartAsync(Account with { RepeatWindow = TimeSpan.FromMinutes(10), ConcurrentGenerations = 1 });
        await ledger.AdmittedAsync(Request(Tenant("x")));
        var first = (Admission.Queued)await ledger.AdmitAsync(Job(Team()), CancellationToken.None);
        await ledger.Answers.HangUpAsync(first.Answer!);

        var repeat = (Admission.Queued)await ledger.AdmitAsync(Job(Team()), CancellationToken.None);
        (repeat.JobId, repeat.IsReplay).ShouldBe((first.JobId, true));
        ledger.Answers.Deliver(repeat.Answer!);

        var another = (Admission.Queued)await ledger.AdmitAsync(Job(Team()), CancellationToken.None);
        another.IsReplay.ShouldBeFalse();
        (await ledger.QuotaAsync(Team(), "images-day")).Held.ShouldBe(2);
    }
}

public sealed class SqliteJobRetryTests : JobRetryContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class PostgreSqlJobRetryTests : JobRetryContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}
