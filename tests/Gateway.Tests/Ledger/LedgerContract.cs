using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>Quotas and outcomes, on any engine.</summary>
public abstract class LedgerContract : LedgerTest
{
    [Fact]
    public async Task What_is_admitted_is_held_and_what_is_settled_is_spent_at_its_cost()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("marketing", new QuotaLimits(ImagesPerDay: 10, MicrosPerMonth: 1_000_000));

        var admitted = await ledger.AdmittedAsync(Request(tenant, images: 3, micros: 30_000));
        admitted.Quotas.Quota("images-day").ShouldSatisfyAllConditions(q => q.Held.ShouldBe(3), q => q.Remaining.ShouldBe(7));
        ledger.HoldsLease(admitted).ShouldBeTrue();

        (await ledger.SettleAsync(admitted.ReservationId, Cost("g-1", 25_100))).ShouldBe(RecordingResult.Durable);
        var day = await ledger.QuotaAsync(tenant, "images-day");
        (day.Used, day.Held, day.Remaining).ShouldBe((3, 0, 7));
        var usd = await ledger.QuotaAsync(tenant, "usd-month");
        (usd.Used, usd.Held, usd.Remaining).ShouldBe((25_100, 0, 974_900));
        (await ledger.QuotaAsync(tenant, "org-images-month")).Used.ShouldBe(3);
        var totals = (await ledger.UsageAsync(tenant, CancellationToken.None)).Totals;
        totals.ShouldBe(new UsageTotals(new PeriodTotals(1, 3, 25_100), new PeriodTotals(1, 3, 25_100)));
    }

    [Fact]
    public async Task The_ledger_admits_as_many_images_as_the_quota_has_whatever_the_model_allows()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("marketing", new QuotaLimits(ImagesPerDay: 100));

        var admitted = await ledger.AdmittedAsync(Request(tenant, images: 100));

        admitted.Quotas.Quota("images-day").Held.ShouldBe(100);
        (await ledger.ExceededAsync(Request(tenant))).Policies().ShouldBe(["images-day"]);
    }

    [Fact]
    public async Task A_refused_request_holds_nothing()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("marketing", new QuotaLimits(RequestsPerMinute: 2, ConcurrentGenerations: 1, ImagesPerDay: 8));
        var admitted = await ledger.AdmittedAsync(Request(tenant, images: 8));

        await ledger.ReleaseAsync(admitted.ReservationId, Refused);

        foreach (var quota in await ledger.FreshAsync(tenant))
            (quota.Used + quota.Held).ShouldBe(quota.Name == "requests-minute" ? 1 : 0, quota.Name);
        await ledger.AdmittedAsync(Request(tenant, images: 8));
    }

    [Fact]
    public async Task An_unknown_outcome_stays_held()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("marketing", new QuotaLimits(ImagesPerMonth: 8));
        var admitted = await ledger.AdmittedAsync(Request(tenant, images: 8));

        await ledger.UnknownAsync(admitted.ReservationId, Unclear);

        (await ledger.QuotaAsync(tenant, "images-month")).Held.ShouldBe(8);
        (await ledger.ExceededAsync(Request(tenant))).Policies().ShouldBe(["images-month"]);
        (await ledger.UnknownReservationsAsync(CancellationToken.None)).ShouldHaveSingleItem().Id.ShouldBe(admitted.ReservationId);
    }

    [Fact]
    public async Task Every_exceeded_quota_is_named_and_nothing_is_taken()
    {
        var ledger = await Harness.StartAsync();
        Harness.Organization = new QuotaLimits(ImagesPerDay: 3);
        var tenant = Tenant("marketing", new QuotaLimits(RequestsPerMinute: 5, ImagesPerDay: 2, MicrosPerMonth: 100));
        await ledger.AdmittedAsync(Request(tenant, images: 2, micros: 50));

        var exceeded = await ledger.ExceededAsync(Request(tenant, images: 2, micros: 51));

        exceeded.Policies().ShouldBe(["images-day", "usd-month", "org-images-day"]);
        // The month's dollars are the last to be reset: on 1 December.
        exceeded.RetryAfter.ShouldBe((int)TimeSpan.FromDays(8.5).TotalSeconds);
        (await ledger.QuotaAsync(tenant, "requests-minute")).Used.ShouldBe(1);
    }

    [Fact]
    public async Task A_request_beyond_a_whole_limit_has_no_time_to_wait()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a", new QuotaLimits(ImagesPerDay: 4));
        await ledger.AdmittedAsync(Request(tenant, images: 1));

        (await ledger.ExceededAsync(Request(tenant, images: 4))).RetryAfter.ShouldNotBeNull();
        (await ledger.ExceededAsync(Request(tenant, images: 5))).RetryAfter.ShouldBeNull();
    }

    [Fact]
    public async Task The_organisation_counts_all_tenants_even_before_it_has_a_limit()
    {
        var ledger = await Harness.StartAsync();
        await ledger.AdmittedAsync(Request(Tenant("one"), images: 5));
        await ledger.AdmittedAsync(Request(Tenant("two"), images: 4));

        Harness.Organization = new QuotaLimits(ImagesPerMonth: 10);

        (await ledger.ExceededAsync(Request(Tenant("three"), images: 2))).Policies().ShouldBe(["org-images-month"]);
        await ledger.AdmittedAsync(Request(Tenant("three"), images: 1));
    }

    [Fact]
    public async Task A_limit_lowered_below_what_is_used_refuses_and_still_settles()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(Tenant("a", new QuotaLimits(ImagesPerDay: 8)), images: 8));

        var lowered = Tenant("a", new QuotaLimits(ImagesPerDay: 2));
        (await ledger.ExceededAsync(Request(lowered))).Quotas.Quota("images-day").Remaining.ShouldBe(0);
        await ledger.SettleAsync(admitted.ReservationId, Cost("g"));
        (await ledger.QuotaAsync(lowered, "images-day")).Used.ShouldBe(8);

        await ledger.AdmittedAsync(Request(Tenant("a", new QuotaLimits(ImagesPerDay: 9))));
    }

    [Fact]
    public async Task A_request_counts_for_exactly_sixty_seconds()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a", new QuotaLimits(RequestsPerMinute: 2));
        await ledger.AdmittedAsync(Request(tenant));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(20));
        await ledger.AdmittedAsync(Request(tenant));

        (await ledger.ExceededAsync(Request(tenant))).RetryAfter.ShouldBe(40);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(40) - TimeSpan.FromMicroseconds(1));
        (await ledger.ExceededAsync(Request(tenant))).RetryAfter.ShouldBe(1);
        await Harness.AdvanceAsync(TimeSpan.FromMicroseconds(1));
        await ledger.AdmittedAsync(Request(tenant));
        (await ledger.ExceededAsync(Request(tenant))).RetryAfter.ShouldBe(20);
    }

    [Fact]
    public async Task What_a_503_released_makes_room_in_the_minute_and_what_was_sent_does_not()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a", new QuotaLimits(RequestsPerMinute: 3));
        var first = await ledger.AdmittedAsync(Request(tenant));
        var second = await ledger.AdmittedAsync(Request(tenant));
        await ledger.AdmittedAsync(Request(tenant));
        await ledger.ExceededAsync(Request(tenant));

        await ledger.ReleaseAsync(second.ReservationId, Refused);
        await ledger.ReleaseAsync(first.ReservationId, new Outcome("upstream-out-of-credit", 503, "Not now."));

        (await ledger.QuotaAsync(tenant, "requests-minute")).Used.ShouldBe(2);
        await ledger.AdmittedAsync(Request(tenant));
        await ledger.ExceededAsync(Request(tenant));
    }

    [Fact]
    public async Task A_generation_is_concurrent_until_it_ends_or_its_time_is_over()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a", new QuotaLimits(ConcurrentGenerations: 1));
        var first = await ledger.AdmittedAsync(Request(tenant));
        await ledger.SettleAsync(first.ReservationId, Cost("g-1"));
        (await ledger.ExceededAsync(Request(tenant))).Policies().ShouldBe(["concurrent-generations"]);

        await ledger.EndAsync("g-1");
        var second = await ledger.AdmittedAsync(Request(tenant));
        await ledger.UnknownAsync(second.ReservationId, Unclear);
        await ledger.ExceededAsync(Request(tenant));

        await Harness.AdvanceAsync(Harness.Options.GenerationTimeLimit);
        await ledger.AdmittedAsync(Request(tenant));
        // Ending it a second time frees no second slot.
        await ledger.EndAsync("g-1");
        await ledger.ExceededAsync(Request(tenant));
    }

    /// <summary>An image that is recorded keeps its owner, whatever the upstream says (T-H9).</summary>
    [Fact]
    public async Task An_end_is_stored_once_with_its_images_and_frees_the_slot()
    {
        var ledger = await Harness.StartAsync();
        var limited = new QuotaLimits(ConcurrentGenerations: 1);
        foreach (var (tenant, generation) in ((string, string)[])[("a", "g-1"), ("b", "g-2"), ("c", "g-3")])
        {
            var admitted = await ledger.AdmittedAsync(Request(Tenant(tenant, limited)));
            await ledger.SettleAsync(admitted.ReservationId, Cost(generation));
        }

        (await EndAsync("g-1", "i-1", "i-2")).ShouldBeTrue();
        (await EndAsync("g-1", "i-9")).ShouldBeFalse("it has ended");
        (await EndAsync("g-2", "i-1", "i-3")).ShouldBeTrue();
        (await ledger.EndAsync(new GenerationEnd("g-3", "COMPLETE", IsDeleted: true, "{}", [("i-4", null)]))).ShouldBeFalse(
            "it is not deleted"
        );

        (await RowsAsync("select id || ' ' || status || ' ' || coalesce(result, '-') from generation order by id")).ShouldBe([
            "g-1 COMPLETE {}",
            "g-2 COMPLETE {}",
            "g-3 PENDING -",
        ]);
        (await RowsAsync("select id || ' ' || generation_id || ' ' || tenant || ' ' || n || ' ' || url from image order by id")).ShouldBe([
            "i-1 g-1 a 0 https://images.example/i-1",
            "i-2 g-1 a 1 https://images.example/i-2",
            "i-3 g-2 b 1 https://images.example/i-3",
        ]);
        await ledger.AdmittedAsync(Request(Tenant("a", limited), body: "next"));

        Task<bool> EndAsync(string generation, params string[] images) =>
            ledger.EndAsync(
                new GenerationEnd(
                    generation,
                    "COMPLETE",
                    IsDeleted: false,
                    "{}",
                    [.. images.Select(image => (image, (string?)$"https://images.example/{image}"))]
                )
            );

        Task<List<string>> RowsAsync(string sql) =>
            Harness
                .DatabaseOf(ledger)
                .ReadAsync(
                    (connection, cancellationToken) => connection.Command(sql).ReadAsync(row => row.GetString(0), cancellationToken),
                    TestContext.Current.CancellationToken
                );
    }

    [Fact]
    public async Task The_last_units_are_won_once_however_many_race_for_them()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a", new QuotaLimits(ImagesPerDay: 37));
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 32)
                .Select(i => Task.Run(() => ledger.AdmitAsync(Request(tenant, images: 1 + i % 3), CancellationToken.None)))
        );

        var used = await ledger.QuotaAsync(tenant, "images-day");
        answers.OfType<Admission.Admitted>().Count().ShouldBeGreaterThan(12);
        answers.OfType<Admission.Exceeded>().ShouldNotBeEmpty();
        used.Held.ShouldBe(answers.Select((answer, i) => answer is Admission.Admitted ? 1 + i % 3 : 0).Sum());
        // Never more, and what is left would not have been enough for any request that was refused.
        used.Remaining!.Value.ShouldBeInRange(0, answers.Select((answer, i) => answer is Admission.Exceeded ? i % 3 : 99).Min());
    }

    [Fact]
    public async Task Settling_or_releasing_twice_moves_nothing_twice()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a");
        var one = await ledger.AdmittedAsync(Request(tenant, images: 2));
        await ledger.SettleAsync(one.ReservationId, Cost("g"));
        await ledger.SettleAsync(one.ReservationId, Cost("g"));
        await ledger.ReleaseAsync(one.ReservationId, Refused);
        var two = await ledger.AdmittedAsync(Request(tenant, images: 2));
        await ledger.ReleaseAsync(two.ReservationId, Refused);
        await ledger.ReleaseAsync(two.ReservationId, Refused);
        await ledger.SettleAsync(two.ReservationId, Cost("h"));

        var day = await ledger.QuotaAsync(tenant, "images-day");
        (day.Used, day.Held).ShouldBe((2, 0));
        // A release after a settlement, and a settlement after a release: both need an operator.
        ledger.Alarms.ShouldBe(2);
    }

    [Fact]
    public async Task A_generation_that_has_an_owner_is_not_given_to_another_tenant()
    {
        var ledger = await Harness.StartAsync();
        var mine = await ledger.AdmittedAsync(Request(Tenant("a")));
        var other = await ledger.AdmittedAsync(Request(Tenant("b")));
        await ledger.SettleAsync(mine.ReservationId, Cost("g"));
        await ledger.SettleAsync(other.ReservationId, Cost("g"));

        (await ledger.UnknownReservationsAsync(CancellationToken.None)).ShouldHaveSingleItem().Tenant.ShouldBe("b");
        ledger.Alarms.ShouldBe(1);
    }
}
