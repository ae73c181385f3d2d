using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;
using Gateway.Reconciliation;
using Gateway.Results;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>Days, months, and wrong clocks (T-G7).</summary>
public abstract class ClockContract : LedgerTest
{
    private static readonly Tenant OneADay = Tenant("a", new QuotaLimits(ImagesPerDay: 1));
    private static readonly Tenant OneAMonth = Tenant("a", new QuotaLimits(ImagesPerMonth: 1));

    [Theory]
    [InlineData("2026-11-22", "2026-11-23")]
    [InlineData("2026-11-30", "2026-12-01")]
    [InlineData("2026-12-31", "2027-01-01")]
    [InlineData("2028-02-28", "2028-02-29")]
    [InlineData("2028-02-29", "2028-03-01")]
    [InlineData("2027-02-28", "2027-03-01")]
    // Days on which summer time begins or ends in Europe and America: a UTC day has 24 hours all the same.
    [InlineData("2026-03-29", "2026-03-30")]
    [InlineData("2026-10-25", "2026-10-26")]
    [InlineData("2027-03-14", "2027-03-15")]
    public async Task A_day_ends_at_midnight_UTC_and_not_a_moment_earlier(string today, string tomorrow)
    {
        await Harness.StartAtAsync(today + "T23:59:59.999999Z");
        var ledger = await Harness.StartAsync();
        await ledger.AdmittedAsync(Request(OneADay));
        (await ledger.ExceededAsync(Request(OneADay))).RetryAfter.ShouldBe(1);

        await Harness.AdvanceAsync(TimeSpan.FromMicroseconds(1));

        var admitted = await ledger.AdmittedAsync(Request(OneADay));
        admitted.At.ShouldBe(DateTimeOffset.Parse(tomorrow + "T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        await ledger.ExceededAsync(Request(OneADay));
    }

    [Theory]
    [InlineData("2026-11-30", 30)]
    [InlineData("2026-12-31", 31)]
    [InlineData("2027-02-28", 28)]
    [InlineData("2028-02-29", 29)]
    public async Task A_month_ends_with_its_last_day(string last, int days)
    {
        await Harness.StartAtAsync(last + "T23:59:59Z");
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(OneAMonth));
        admitted.Quotas.Quota("images-month").Window.ShouldBe(TimeSpan.FromDays(days));
        (await ledger.ExceededAsync(Request(OneAMonth))).RetryAfter.ShouldBe(1);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));

        await ledger.AdmittedAsync(Request(OneAMonth));
        await ledger.ExceededAsync(Request(OneAMonth));
    }

    [Fact]
    public async Task What_was_reserved_before_midnight_is_settled_and_released_in_the_old_day()
    {
        await Harness.StartAtAsync("2026-11-30T23:59:50Z");
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a", new QuotaLimits(ImagesPerDay: 8));
        var settled = await ledger.AdmittedAsync(Request(tenant, images: 3));
        var released = await ledger.AdmittedAsync(Request(tenant, images: 5));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(20));
        var today = await ledger.AdmittedAsync(Request(tenant, images: 8));

        await ledger.SettleAsync(settled.ReservationId, Cost("g"));
        await ledger.ReleaseAsync(released.ReservationId, Refused);

        (await ledger.QuotaAsync(tenant, "images-day")).ShouldSatisfyAllConditions(
            day => day.Held.ShouldBe(8),
            day => day.Used.ShouldBe(0),
            day => day.Remaining.ShouldBe(0)
        );
        (await ledger.QuotaAsync(tenant, "images-month")).Used.ShouldBe(0);
        await ledger.ReleaseAsync(today.ReservationId, Refused);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_reopen_a_day()
    {
        await Harness.StartAtAsync("2026-11-30T23:59:59Z");
        var ledger = await Harness.StartAsync();
        await ledger.AdmittedAsync(Request(OneAMonth));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(2));
        var december = await ledger.AdmittedAsync(Request(OneAMonth));

        await Harness.SetWallAsync(Harness.Time.GetUtcNow() - TimeSpan.FromDays(1.5));

        (await ledger.ExceededAsync(Request(OneAMonth))).Policies().ShouldBe(["images-month"]);
        await Harness.CrashAsync(ledger);
        ledger = await Harness.StartAsync();
        (await ledger.ExceededAsync(Request(OneAMonth))).Policies().ShouldBe(["images-month"]);
        (await ledger.AdmittedAsync(Request(Tenant("b")))).At.ShouldBeGreaterThanOrEqualTo(december.At);
    }

    [Fact]
    public async Task A_clock_that_jumps_forward_opens_nothing_and_settles_what_is_open()
    {
        var ledger = await Harness.StartAsync();
        var before = Harness.Time.GetUtcNow();
        var admitted = await ledger.AdmittedAsync(Request(OneAMonth, key: "k"));

        await Harness.SetWallAsync(before + TimeSpan.FromDays(40));

        (await ledger.AdmitAsync(Request(OneAMonth), CancellationToken.None))
            .ShouldBeOfType<Admission.Unavailable>()
            .Detail.ShouldContain("clock jumped forward");
        (await ledger.SettleAsync(admitted.ReservationId, Cost("g"))).ShouldBe(RecordingResult.Durable);
        (await ledger.QuotaAsync(OneAMonth, "images-month")).Used.ShouldBe(1);
        (await ledger.AdmitAsync(Request(OneAMonth, key: "k"), CancellationToken.None)).ShouldBeOfType<Admission.Replayed>();

        await Harness.SetWallAsync(before + TimeSpan.FromSeconds(1));
        (await ledger.ExceededAsync(Request(OneAMonth))).Policies().ShouldBe(["images-month"]);
        (await ledger.AdmittedAsync(Request(Tenant("b")))).At.ShouldBe(before + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_clock_that_jumps_forward_deletes_nothing()
    {
        var ledger = await Harness.StartAsync();
        var before = Harness.Time.GetUtcNow();
        var admitted = await ledger.AdmittedAsync(Request(OneAMonth, key: "k"));
        await ledger.SettleAsync(admitted.ReservationId, Cost("g"));
        await ledger.EndAsync("g");

        await Harness.SetWallAsync(before + TimeSpan.FromDays(1000));
        await ledger.SweepAsync();
        await Harness.PruneAsync(ledger, TimeSpan.Zero);
        await Harness.PruneResultsAsync(ledger);

        await Harness.SetWallAsync(before + TimeSpan.FromSeconds(1));
        (await ledger.AdmitAsync(Request(OneAMonth, key: "k"), CancellationToken.None)).ShouldBeOfType<Admission.Replayed>();
        var generations = new GenerationRepository(Harness.DatabaseOf(ledger), Harness.Time);
        (await generations.FindAsync("a", "g", CancellationToken.None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task An_answer_that_nobody_received_is_kept_for_its_whole_window_also_if_that_is_longer_than_a_day()
    {
        var window = TimeSpan.FromHours(48);
        var ledger = await Harness.StartAsync(Harness.Options with { RepeatWindow = window });
        var first = await ledger.AdmittedAsync(Request(Tenant("a")));
        await ledger.SettleAsync(first.ReservationId, Cost("g"));
        await AdvanceAsync(TimeSpan.FromHours(30));
        await ledger.Answers.HangUpAsync(first.Answer!);

        await AdvanceAsync(TimeSpan.FromHours(47));
        await Harness.PruneAsync(ledger, window);
        var repeat = (await ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ShouldBeOfType<Admission.Replayed>();
        repeat.Outcome.ReservationId.ShouldBe(first.ReservationId);
        await ledger.Answers.HangUpAsync(repeat.Answer!);

        await AdvanceAsync(TimeSpan.FromHours(49));
        await Harness.PruneAsync(ledger, window);
        await ledger.AdmittedAsync(Request(Tenant("a")));

        async Task AdvanceAsync(TimeSpan by)
        {
            await Harness.AdvanceAsync(by);
            await ledger.SweepAsync();
        }
    }

    [Fact]
    public async Task After_a_clock_is_set_back_what_is_polled_or_reconciled_does_not_wait_until_it_has_passed_again()
    {
        var ledger = await Harness.StartAsync();
        var queue = new PollQueue(Harness.DatabaseOf(ledger), Harness.Time);
        var reconciliations = new ReconciliationRepository(Harness.DatabaseOf(ledger), Harness.Time);
        await MakeAsync("polled");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        (await ClaimAsync()).ShouldBe(["polled"]);
        var unknown = await ledger.AdmittedAsync(Request(Tenant("a")));
        await ledger.UnknownAsync(unknown.ReservationId, Unclear);
        (await reconciliations.ClaimAsync([unknown.ReservationId], CancellationToken.None)).ShouldBe([unknown.ReservationId]);

        await Harness.SetWallAsync(Harness.Time.GetUtcNow() - TimeSpan.FromDays(1));
        await MakeAsync("new");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));

        (await queue.GetTimeToNextAsync(CancellationToken.None)).ShouldBe(TimeSpan.Zero);
        (await ClaimAsync()).Order(StringComparer.Ordinal).ShouldBe(["new", "polled"]);
        (await reconciliations.ClaimAsync([unknown.ReservationId], CancellationToken.None)).ShouldBe([unknown.ReservationId]);
        // From then on as always.
        (await queue.GetTimeToNextAsync(CancellationToken.None)).ShouldBe(PollQueue.Schedule[0]);
        (await reconciliations.ClaimAsync([unknown.ReservationId], CancellationToken.None)).ShouldBeEmpty();

        async Task MakeAsync(string id) =>
            await ledger.SettleAsync((await ledger.AdmittedAsync(Request(Tenant("a")))).ReservationId, Cost(id));

        async Task<List<string>> ClaimAsync() =>
            [.. (await queue.ClaimAsync(10, hurry: false, CancellationToken.None)).Select(claim => claim.Id)];
    }

    [Fact]
    public async Task An_hour_of_difference_is_tolerated()
    {
        var ledger = await Harness.StartAsync();
        await ledger.AdmittedAsync(Request(Tenant("a")));

        await Harness.SetWallAsync(Harness.Time.GetUtcNow() + LedgerClock.Tolerance);

        await ledger.AdmittedAsync(Request(Tenant("a")));
    }
}
