using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>One Idempotency-Key, one charge.</summary>
public abstract class IdempotencyContract : LedgerTest
{
    private static readonly Tenant Marketing = Tenant("marketing");

    [Fact]
    public async Task Fifty_at_once_are_admitted_once()
    {
        var ledger = await Harness.StartAsync();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(_ => Task.Run(() => ledger.AdmitAsync(Request(Marketing, images: 2, key: "k"), CancellationToken.None)))
        );

        answers.OfType<Admission.Admitted>().ShouldHaveSingleItem();
        answers.OfType<Admission.InProgress>().Count().ShouldBe(49);
        (await ledger.QuotaAsync(Marketing, "images-day")).Held.ShouldBe(2);
    }

    [Fact]
    public async Task A_repeated_request_gets_the_settlement_of_the_first()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(Marketing, key: "k"));
        var settlement = new Settlement("g", 12_300, 17, "17.5", "CREDITS");
        await ledger.SettleAsync(admitted.ReservationId, settlement);

        var again = (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Replayed>();

        again.Outcome.ShouldBe(new StoredOutcome(admitted.ReservationId, ReservationState.Settled, settlement, null));
        (await ledger.UsageAsync(Marketing, CancellationToken.None)).Totals.Today.ShouldBe(new PeriodTotals(1, 1, 12_300));
    }

    [Fact]
    public async Task A_repeated_request_gets_the_refusal_of_the_first()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(Marketing, key: "k"));
        await ledger.ReleaseAsync(admitted.ReservationId, Refused);

        (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Replayed>().Outcome.Outcome.ShouldBe(Refused);
    }

    [Theory]
    [InlineData("upstream-credentials")]
    [InlineData("upstream-unreachable")]
    [InlineData("upstream-out-of-credit")]
    [InlineData("upstream-saturated")]
    public async Task A_refusal_that_is_not_about_the_request_frees_the_key(string problem)
    {
        var ledger = await Harness.StartAsync();
        var first = await ledger.AdmittedAsync(Request(Marketing, key: "k"));
        await ledger.ReleaseAsync(first.ReservationId, new Outcome(problem, 503, "Not now."));
        // After "too many" everything pauses for five seconds.
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(5));

        var again = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AdmitAsync(ledger, "k")));

        again.OfType<Admission.Admitted>().ShouldHaveSingleItem();
        again.OfType<Admission.InProgress>().Count().ShouldBe(5);
        (await ledger.QuotaAsync(Marketing, "images-day")).Held.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_was_proved_absent_frees_its_key(bool byOperator)
    {
        var ledger = await Harness.StartAsync();
        var first = await ledger.AdmittedAsync(Request(Marketing, key: "k"));
        await ledger.UnknownAsync(first.ReservationId, Unclear);
        var absent = new ReconciliationResult.Absent(Refused, "not in the list", byOperator);
        (await ledger.ReconcileAsync(first.ReservationId, absent)).ShouldBeTrue();

        (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Admitted>();
    }

    [Fact]
    public async Task A_repeated_request_gets_unknown_until_the_outcome_is_known()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(Marketing, key: "k"));
        await ledger.UnknownAsync(admitted.ReservationId, Unclear);
        (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Replayed>().Outcome.Outcome.ShouldBe(Unclear);

        (await ledger.ReconcileAsync(admitted.ReservationId, new ReconciliationResult.Found(Cost("g"), "found"))).ShouldBeTrue();
        var now = (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Replayed>().Outcome;
        (now.State, now.Settlement, now.Outcome).ShouldBe((ReservationState.Settled, Cost("g"), null));
    }

    [Fact]
    public async Task Another_body_is_a_mismatch_and_another_tenant_has_keys_of_its_own()
    {
        var ledger = await Harness.StartAsync();
        await ledger.AdmittedAsync(Request(Marketing, key: "k", body: "one"));

        (await ledger.AdmitAsync(Request(Marketing, key: "k", body: "two"), CancellationToken.None)).ShouldBeOfType<Admission.Mismatch>();
        await ledger.AdmittedAsync(Request(Tenant("sales"), key: "k", body: "two"));
        await ledger.AdmittedAsync(Request(Marketing, key: "K", body: "two"));
    }

    [Fact]
    public async Task A_request_refused_for_its_quota_may_be_repeated_with_its_key()
    {
        var ledger = await Harness.StartAsync();
        var poor = Tenant("marketing", new QuotaLimits(ImagesPerDay: 0));
        await ledger.ExceededAsync(Request(poor, key: "k"));

        await ledger.AdmittedAsync(Request(Marketing, key: "k", body: "other"));
    }

    [Fact]
    public async Task A_request_that_got_no_slot_may_be_repeated_with_its_key()
    {
        var ledger = await Harness.StartAsync(new QuotaOptions { ConcurrentGenerations = 1 });
        var running = await ledger.AdmittedAsync(Request(Marketing));
        var waiting = ledger.AdmitAsync(Request(Marketing, key: "k"), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);
        (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.InProgress>();
        await Harness.TurnUntilAsync(waiting);
        (await waiting).ShouldBeOfType<Admission.Saturated>();

        await ledger.ReleaseAsync(running.ReservationId, Refused);
        (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Admitted>();
    }

    [Fact]
    public async Task A_key_is_free_after_24_hours_and_not_before()
    {
        var ledger = await Harness.StartAsync();
        var first = await ledger.AdmittedAsync(Request(Marketing, key: "k"));
        await ledger.SettleAsync(first.ReservationId, Cost("g"));

        await Harness.AdvanceAsync(TimeSpan.FromHours(24) - TimeSpan.FromMicroseconds(1));
        (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Replayed>();
        await Harness.AdvanceAsync(TimeSpan.FromMicroseconds(1));

        var second = (
            await ledger.AdmitAsync(Request(Marketing, key: "k", body: "new"), CancellationToken.None)
        ).ShouldBeOfType<Admission.Admitted>();
        await ledger.ReleaseAsync(second.ReservationId, Refused);
        (await ledger.AdmitAsync(Request(Marketing, key: "k", body: "new"), CancellationToken.None)).ShouldBeOfType<Admission.Replayed>();
    }

    [Fact]
    public async Task Outcomes_survive_a_restart()
    {
        var ledger = await Harness.StartAsync();
        var first = await ledger.AdmittedAsync(Request(Marketing, key: "k"));
        await ledger.SettleAsync(first.ReservationId, Cost("g"));
        await Harness.StopAsync(ledger);

        ledger = await Harness.StartAsync();
        (await AdmitAsync(ledger, "k")).ShouldBeOfType<Admission.Replayed>().Outcome.Settlement.ShouldBe(Cost("g"));
    }

    private static Task<Admission> AdmitAsync(QuotaLedger ledger, string key) =>
        ledger.AdmitAsync(Request(Marketing, key: key), CancellationToken.None);
}
