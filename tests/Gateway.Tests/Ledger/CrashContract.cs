using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>What a process leaves behind, and who cleans it up (X1 to X9).</summary>
public abstract class CrashContract : LedgerTest
{
    private static readonly Tenant A = Tenant("a");

    [Fact]
    public async Task After_a_crash_unsent_requests_are_released_and_sent_ones_are_unknown()
    {
        var ledger = await Harness.StartAsync(new QuotaOptions { ConcurrentGenerations = 1 });
        var sent = await ledger.AdmittedAsync(Request(A, images: 2, key: "sent"));
        _ = ledger.AdmitAsync(Request(A, images: 5, key: "queued"), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);
        await Harness.CrashAsync(ledger);

        ledger = await StartLaterAsync();

        (await ledger.QuotaAsync(A, "images-day")).Held.ShouldBe(2);
        (await ledger.UnknownReservationsAsync(CancellationToken.None)).ShouldHaveSingleItem().Id.ShouldBe(sent.ReservationId);
        var again = await ledger.AdmitAsync(Request(A, images: 2, key: "sent"), CancellationToken.None);
        again.ShouldBeOfType<Admission.Replayed>().Outcome.Outcome!.Problem.ShouldBe("outcome-unknown");
        await ledger.AdmittedAsync(Request(A, images: 5, key: "queued"));
    }

    [Fact]
    public async Task After_a_crash_settlements_are_still_there()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(A, images: 3));
        await ledger.SettleAsync(admitted.ReservationId, Cost("g", 1_234));
        await Harness.CrashAsync(ledger);

        ledger = await StartLaterAsync();

        (await ledger.UsageAsync(A, CancellationToken.None)).Totals.Month.ShouldBe(new PeriodTotals(1, 3, 1_234));
        await ledger.EndAsync("g");
        (await ledger.QuotaAsync(A, "concurrent-generations")).Used.ShouldBe(0);
    }

    [Fact]
    public async Task Absence_counts_only_once_the_sender_cannot_send_any_more()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(A, images: 3));
        await Harness.CrashAsync(ledger);
        ledger = await StartLaterAsync();

        var absent = new ReconciliationResult.Absent(Refused, "not in the list");
        (await ledger.ReconcileAsync(admitted.ReservationId, absent)).ShouldBeFalse();
        (await ledger.QuotaAsync(A, "images-day")).Held.ShouldBe(3);

        await Harness.AdvanceAsync(Harness.Options.Lease);
        (await ledger.ReconcileAsync(admitted.ReservationId, absent)).ShouldBeTrue();
        (await ledger.QuotaAsync(A, "images-day")).Held.ShouldBe(0);
        (await ledger.ReconcileAsync(admitted.ReservationId, absent)).ShouldBeFalse();
    }

    [Fact]
    public async Task Absence_counts_at_once_if_the_sender_reported_the_outcome()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(A, images: 3));
        await ledger.UnknownAsync(admitted.ReservationId, Unclear);

        (await ledger.ReconcileAsync(admitted.ReservationId, new ReconciliationResult.Absent(Refused, "not in the list"))).ShouldBeTrue();
    }

    [Fact]
    public async Task What_stays_unknown_is_written_off_as_spent_and_settles_late_without_a_second_charge()
    {
        var ledger = await Harness.StartAsync();
        var lost = await ledger.AdmittedAsync(Request(A, images: 3, micros: 500));
        var late = await ledger.AdmittedAsync(Request(A, images: 4, micros: 700));
        await ledger.UnknownAsync(lost.ReservationId, Unclear);
        await ledger.UnknownAsync(late.ReservationId, Unclear);

        await Harness.AdvanceAsync(Harness.Options.UnknownGrace);
        await Harness.UntilAsync(async () => (await ledger.UnknownReservationsAsync(CancellationToken.None)).Count == 0);

        var month = await ledger.QuotaAsync(A, "images-month");
        (month.Used, month.Held).ShouldBe((7, 0));
        await ledger.SettleAsync(late.ReservationId, Cost("g", 1));
        (await ledger.UsageAsync(A, CancellationToken.None)).Totals.Month.ShouldBe(new PeriodTotals(1, 7, 1_200));
        await ledger.ReleaseAsync(lost.ReservationId, Refused);
        (await ledger.UsageAsync(A, CancellationToken.None)).Totals.Month.ShouldBe(new PeriodTotals(1, 4, 700));
        ledger.Alarms.ShouldBe(0);
    }

    [Fact]
    public async Task After_a_clean_stop_nothing_waits_for_the_lease()
    {
        var ledger = await Harness.StartAsync(new QuotaOptions { ConcurrentGenerations = 1 });
        var running = await ledger.AdmittedAsync(Request(A));
        var waiting = ledger.AdmitAsync(Request(A, images: 8), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);
        await ledger.SettleAsync(running.ReservationId, Cost("g"));
        await Harness.StopAsync(ledger);

        (await waiting).ShouldBeOfType<Admission.Saturated>();
        (await ledger.AdmitAsync(Request(A), CancellationToken.None)).ShouldBeOfType<Admission.Unavailable>();
        ledger = await Harness.StartAsync();
        (await ledger.QuotaAsync(A, "images-day")).Held.ShouldBe(0);
    }

    [Fact]
    public async Task An_instance_whose_lease_is_over_does_not_send_even_after_it_has_a_new_one()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(A));
        ledger.HoldsLease(admitted).ShouldBeTrue();

        // As if the whole process had been paused: no heartbeat in between.
        Harness.Time.Advance(Harness.Options.Lease);
        await Harness.UntilAsync(async () =>
            await ledger.AdmitAsync(Request(A), CancellationToken.None) is Admission.Admitted renewed && ledger.HoldsLease(renewed)
        );

        ledger.HoldsLease(admitted).ShouldBeFalse();
    }

    [Fact]
    public async Task A_reservation_whose_handler_was_lost_does_not_stay_open()
    {
        var ledger = await Harness.StartAsync();
        await ledger.AdmittedAsync(Request(A));

        for (var passed = TimeSpan.Zero; passed <= Harness.Options.OpenLimit; passed += Harness.Options.Heartbeat)
            await Harness.AdvanceAsync(Harness.Options.Heartbeat);

        await Harness.UntilAsync(async () => (await ledger.UnknownReservationsAsync(CancellationToken.None)).Count == 1);
    }

    /// <summary>After a failover that lost commits, or a restore while the gateway runs (T-G13, T-G16).</summary>
    [Theory]
    [InlineData("events = events - 1", "events = events + 1")]
    [InlineData("epoch = (select instance from reservation)", "id = 1")]
    public async Task A_store_that_has_lost_what_it_confirmed_admits_nothing_until_the_gateway_is_started_again(string loss, string repair)
    {
        var ledger = await Harness.StartAsync();
        var sent = await ledger.AdmittedAsync(Request(A, images: 3));
        await SetAsync(Harness.DatabaseOf(ledger), loss);

        (await ledger.AdmitAsync(Request(A), CancellationToken.None))
            .ShouldBeOfType<Admission.Unavailable>()
            .Detail.ShouldContain("restored from a backup");
        await ledger.SettleAsync(sent.ReservationId, Cost("g", 1_234));
        (await ledger.AdmitAsync(Request(A), CancellationToken.None)).ShouldBeOfType<Admission.Unavailable>();

        await Harness.CrashAsync(ledger);
        await using (var store = Harness.Open())
            await SetAsync(store, repair);
        await (await StartLaterAsync()).AdmittedAsync(Request(A));

        static Task<int> SetAsync(Database store, string change) =>
            store.WriteAsync(
                (connection, transaction, cancellationToken) =>
                    connection.Command($"update ledger set {change}").ExecuteAsync(transaction, cancellationToken),
                CancellationToken.None
            );
    }

    /// <summary>On SQLite the earlier process is known to have ended; on PostgreSQL its lease must end first.</summary>
    private async Task<QuotaLedger> StartLaterAsync()
    {
        if (Harness.IsShared)
            await Harness.AdvanceAsync(Harness.Options.Lease + TimeSpan.FromSeconds(1));
        return await Harness.StartAsync();
    }
}
