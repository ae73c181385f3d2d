using System.Globalization;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>Prices follow the invoice, on any engine: what is stated raises what later requests hold.</summary>
public abstract class PriceContract : LedgerTest
{
    private const long Price = 10_000;
    private static readonly Tenant Team = Tenant("a", new QuotaLimits(MicrosPerMonth: 1_000_000));

    private int _generation;

    [Fact]
    public async Task After_the_requests_in_flight_the_budget_is_exact_again()
    {
        var ledger = await Harness.StartAsync();
        var inFlight = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ledger.AdmittedAsync(Request(Team, micros: Price))));
        await SettleAsync(ledger, inFlight[0], 10 * Price);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(_ => ledger.AdmitAsync(Request(Team, micros: Price), CancellationToken.None))
        );

        var admitted = answers.OfType<Admission.Admitted>().ToList();
        foreach (var one in inFlight[1..].Concat(admitted))
            await SettleAsync(ledger, one, 10 * Price);
        // 0.10 was spent and 0.02 held: of the remaining 0.88, eight requests fit.
        admitted.Count.ShouldBe(8);
        var dollars = await ledger.QuotaAsync(Team, "usd-month");
        (dollars.Used, dollars.Held).ShouldBe((1_100_000, 0), "the two that were in flight cost 0.18 more than they held");
        (await ledger.ExceededAsync(Request(Team, micros: 1))).Policies().ShouldBe(["usd-month"]);
    }

    [Fact]
    public async Task A_quote_is_what_the_next_request_holds()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 12_345, price: 10_000);

        var quote = await ledger.QuoteAsync(Team, 1, 3_333, Model, CancellationToken.None);
        var admitted = await ledger.AdmittedAsync(Request(Team, micros: 3_333));

        // 3,333 × 1.2345 is 4,114.5885, and a reservation is never below the cost.
        quote.Micros.ShouldBe(4_115);
        admitted.Quotas.Quota("usd-month").Held.ShouldBe(4_115);
        var left = await ledger.QuoteAsync(Team, 1, 800_000, Model, CancellationToken.None);
        left.Exceeded.ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(e => e.Quota.Name.ShouldBe("usd-month"), e => e.Asked.ShouldBe(987_600));
        (await ledger.ExceededAsync(Request(Team, micros: 800_000))).Policies().ShouldBe(["usd-month"]);
    }

    [Fact]
    public async Task A_cost_is_compared_with_the_computed_price_and_not_with_what_was_held()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 2 * Price);

        await StateAsync(ledger, 2 * Price);
        await StateAsync(ledger, 3 * Price);

        (await HeldAsync(ledger)).ShouldBe(3 * Price);
    }

    [Fact]
    public async Task A_lower_cost_is_charged_and_lowers_no_reservation()
    {
        var ledger = await Harness.StartAsync();

        await StateAsync(ledger, Price / 4);
        await StateAsync(ledger, 0);

        (await ledger.QuotaAsync(Team, "usd-month")).Used.ShouldBe(Price / 4);
        (await HeldAsync(ledger)).ShouldBe(Price);
        (await RowsAsync(ledger)).ShouldBe(0);
    }

    [Fact]
    public async Task The_computed_price_writes_nothing()
    {
        var ledger = await Harness.StartAsync();

        await StateAsync(ledger, Price);

        (await RowsAsync(ledger)).ShouldBe(0);
    }

    [Fact]
    public async Task An_implausible_cost_raises_nothing()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(Team, micros: Price));

        await ledger.SettleAsync(admitted.ReservationId, Cost("g", Price), implausible: new ImplausibleCost(101 * Price));

        (await ledger.QuotaAsync(Team, "usd-month")).Used.ShouldBe(Price);
        (await HeldAsync(ledger)).ShouldBe(Price);
    }

    [Fact]
    public async Task A_settlement_that_is_repeated_is_one_statement()
    {
        var ledger = await Harness.StartAsync();
        var deviations = 0;
        ledger.OnCommitted((batch, _) => deviations += batch.Prices.Deviations.Count);
        var admitted = await ledger.AdmittedAsync(Request(Team, micros: Price));
        await ledger.SettleAsync(admitted.ReservationId, Cost("g", 5 * Price));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(5));

        await ledger.SettleAsync(admitted.ReservationId, Cost("g", 5 * Price));

        deviations.ShouldBe(1);
        await Harness.AdvanceAsync(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(5));
        (await HeldAsync(ledger)).ShouldBe(Price);
    }

    [Fact]
    public async Task The_highest_of_the_last_24_hours_is_in_force_to_the_microsecond()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 5 * Price);
        await Harness.AdvanceAsync(TimeSpan.FromHours(3));
        await StateAsync(ledger, 2 * Price);

        await Harness.AdvanceAsync(TimeSpan.FromHours(21) - TimeSpan.FromMicroseconds(1));
        (await HeldAsync(ledger)).ShouldBe(5 * Price);
        await Harness.AdvanceAsync(TimeSpan.FromMicroseconds(1));
        (await HeldAsync(ledger)).ShouldBe(2 * Price);
        await Harness.AdvanceAsync(TimeSpan.FromHours(3));
        (await HeldAsync(ledger)).ShouldBe(Price);
    }

    [Fact]
    public async Task A_later_statement_of_the_same_hour_is_not_dropped_with_an_earlier_one()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 5 * Price);
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(40));
        await StateAsync(ledger, 2 * Price);
        (await HeldAsync(ledger)).ShouldBe(5 * Price);

        await Harness.AdvanceAsync(TimeSpan.FromHours(24) - TimeSpan.FromMicroseconds(1));

        (await HeldAsync(ledger)).ShouldBeGreaterThanOrEqualTo(2 * Price);
        await Harness.AdvanceAsync(TimeSpan.FromMicroseconds(1));
        (await HeldAsync(ledger)).ShouldBe(Price);
    }

    [Fact]
    public async Task At_most_25_rows_are_kept_for_a_model()
    {
        var ledger = await Harness.StartAsync();

        for (var hour = 0; hour < 60; hour++)
        {
            await StateAsync(ledger, Price + 1);
            await Harness.AdvanceAsync(TimeSpan.FromMinutes(50));
        }

        (await RowsAsync(ledger)).ShouldBeInRange(24, 25);
    }

    [Fact]
    public async Task A_crash_changes_no_ratio()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 7 * Price);
        await Harness.CrashAsync(ledger);

        (await HeldAsync(await Harness.StartAsync())).ShouldBe(7 * Price);
    }

    [Fact]
    public async Task Models_have_ratios_of_their_own()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 7 * Price);

        (await ledger.QuoteAsync(Team, 1, Price, "another-model", CancellationToken.None)).Micros.ShouldBe(Price);
    }

    [Fact]
    public async Task A_reset_is_in_force_for_the_next_admission_and_ends_with_the_next_statement()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 7 * Price);

        await Harness.ResetPriceRatioAsync(ledger, Model);
        (await HeldAsync(ledger)).ShouldBe(Price);
        await StateAsync(ledger, 3 * Price);

        (await HeldAsync(ledger)).ShouldBe(3 * Price);
    }

    [Fact]
    public async Task What_is_found_without_a_statement_is_charged_what_it_held_and_raises_nothing()
    {
        var ledger = await Harness.StartAsync();
        await StateAsync(ledger, 2 * Price);
        var lost = await ledger.AdmittedAsync(Request(Team, micros: Price));
        await ledger.UnknownAsync(lost.ReservationId, Unclear);
        var open = (await ledger.UnknownReservationsAsync(CancellationToken.None)).ShouldHaveSingleItem();
        await Harness.AdvanceAsync(TimeSpan.FromHours(23));

        await ledger.ReconcileAsync(open.Id, new ReconciliationResult.Found(Cost("found", open.Micros), "listed"));

        (await ledger.QuotaAsync(Team, "usd-month")).Used.ShouldBe(2 * Price + 2 * Price);
        await Harness.AdvanceAsync(TimeSpan.FromHours(1));
        (await HeldAsync(ledger)).ShouldBe(Price);
    }

    /// <summary>A request is made, and the upstream states this cost for it.</summary>
    private async Task StateAsync(QuotaLedger ledger, long stated, long price = Price) =>
        await SettleAsync(ledger, await ledger.AdmittedAsync(Request(Tenant("a"), micros: price)), stated);

    private async Task SettleAsync(QuotaLedger ledger, Admission.Admitted admitted, long stated) =>
        (await ledger.SettleAsync(admitted.ReservationId, Cost($"g-{++_generation}", stated))).ShouldBe(RecordingResult.Durable);

    /// <summary>What a request at <see cref="Price"/> holds, which is then released.</summary>
    private static async Task<long> HeldAsync(QuotaLedger ledger)
    {
        var before = (await ledger.QuotaAsync(Team, "usd-month")).Held;
        var admitted = await ledger.AdmittedAsync(Request(Tenant("a"), micros: Price));
        await ledger.ReleaseAsync(admitted.ReservationId, Refused);
        return admitted.Quotas.Quota("usd-month").Held - before;
    }

    private async Task<long> RowsAsync(QuotaLedger ledger) =>
        (
            await Harness
                .DatabaseOf(ledger)
                .ReadAsync(
                    (connection, cancellationToken) =>
                        connection.Command("select count(*) from price_ratio").ReadAsync(row => row.GetNumber(0), cancellationToken),
                    CancellationToken.None
                )
        ).Single();
}
