using Gateway.Admin;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>What counts in requests-minute, and what is left of a request that was never sent.</summary>
public abstract class NeverSentContract : LedgerTest
{
    private static readonly Tenant Team = Tenant("a", new QuotaLimits(RequestsPerMinute: 5));

    [Fact]
    public async Task Callers_who_disconnect_while_they_wait_use_up_their_minute()
    {
        var ledger = await StartAsync();
        for (var i = 0; i < 5; i++)
            await AbandonAsync(ledger, Team);

        var refused = await ledger.AdmitAsync(Request(Team), CancellationToken.None);

        refused.ShouldBeOfType<Admission.Exceeded>().Policies().ShouldBe(["requests-minute"]);
        await Harness.AdvanceAsync(Minute.Length);
        (await UsedAsync(ledger)).ShouldBe(0);
    }

    [Theory]
    [InlineData("upstream-rejected", 422, 1)]
    [InlineData("upstream-credentials", 502, 1)]
    [InlineData("upstream-unreachable", 502, 0)]
    [InlineData("upstream-out-of-credit", 503, 0)]
    [InlineData("store-unavailable", 503, 0)]
    public async Task What_was_sent_counts_whatever_its_outcome_and_a_503_does_not(string problem, int status, int counted)
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(Team));
        (await UsedAsync(ledger)).ShouldBe(1);

        await ledger.ReleaseAsync(admitted.ReservationId, new Outcome(problem, status, "No."));

        (await UsedAsync(ledger)).ShouldBe(counted);
        // In the same batch as an admission it is counted in memory, not read from the store.
        await Task.WhenAll(ledger.AdmittedAsync(Request(Team)), ledger.AdmittedAsync(Request(Team)));
        (await UsedAsync(ledger)).ShouldBe(counted + 2);
        (await ledger.QuotaAsync(Team, "images-day")).Held.ShouldBe(2);
    }

    [Fact]
    public async Task What_the_account_had_no_room_for_counts_nothing()
    {
        var ledger = await Harness.StartAsync();
        var admitted = await ledger.AdmittedAsync(Request(Team));

        await ledger.ReleaseAsync(admitted.ReservationId, new Outcome("upstream-saturated", 503, "No."));

        (await UsedAsync(ledger)).ShouldBe(0);
    }

    [Fact]
    public async Task What_waited_in_vain_counts_nothing()
    {
        var ledger = await StartAsync();
        var waiting = ledger.AdmitAsync(Request(Team), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);
        await Harness.TurnUntilAsync(waiting);

        (await waiting).ShouldBeOfType<Admission.Saturated>();

        (await UsedAsync(ledger)).ShouldBe(0);
    }

    [Fact]
    public async Task Two_minutes_later_only_their_number_is_left()
    {
        var ledger = await StartAsync();
        for (var i = 0; i < 250; i++)
            await AbandonAsync(ledger, Tenant(i % 2 == 0 ? "b" : "d"));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        await PruneAsync(ledger);
        var (reservations, events) = (await CountAsync(ledger, "reservation"), await CountAsync(ledger, "event"));
        reservations.ShouldBe(252, "the last minute must stay exact");

        // The ledger's time moves on with the next heartbeat.
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(6));
        await PruneAsync(ledger);

        (await CountAsync(ledger, "reservation")).ShouldBe(2, "what was sent stays");
        (await CountAsync(ledger, "event")).ShouldBe(events - 500);
        (await CountAsync(ledger, "never_sent")).ShouldBe(2);
        (await ReadAsync(ledger, "b")).ShouldBe(new AdminNeverSent(125, 125));
    }

    [Fact]
    public async Task Pruning_leaves_time_to_others_and_does_not_delay_the_heartbeat()
    {
        var step = TimeSpan.FromSeconds(6);
        var ledger = await StartAsync(new TickingClock(Harness.Time));
        for (var i = 0; i < 100; i++)
            await AbandonAsync(ledger, Tenant("b"));
        await Harness.UntilAsync(async () => await CountAsync(ledger, "reservation") < 102, step);

        // After a transaction it waits for the clock, and the heartbeat does not wait for it.
        var lease = await LeaseAsync(ledger);
        await Harness.AdvanceAsync(step);
        await Eventually.HoldsAsync(async () => await LeaseAsync(ledger) > lease);
        (await CountAsync(ledger, "reservation")).ShouldBeGreaterThan(2);

        await Harness.UntilAsync(async () => await CountAsync(ledger, "reservation") == 2, step);
    }

    [Fact]
    public async Task Operators_see_their_number_at_once_by_day_and_month()
    {
        await Harness.StartAtAsync("2026-11-29T23:00:00Z");
        var ledger = await StartAsync();
        await AbandonAsync(ledger, Tenant("b"));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(3));
        await PruneAsync(ledger);
        await AbandonAsync(ledger, Tenant("b"));
        (await ReadAsync(ledger, "b")).ShouldBe(new AdminNeverSent(2, 2));
        (await ReadAsync(ledger, "other")).ShouldBe(new AdminNeverSent(0, 0));

        await Harness.AdvanceAsync(TimeSpan.FromHours(1));
        await PruneAsync(ledger);
        (await ReadAsync(ledger, "b")).ShouldBe(new AdminNeverSent(0, 2));

        await Harness.AdvanceAsync(TimeSpan.FromDays(1));
        (await ReadAsync(ledger, "b")).ShouldBe(new AdminNeverSent(0, 0));
    }

    [Fact]
    public async Task A_request_is_kept_only_as_long_as_there_may_be_a_generation_of_it()
    {
        var ledger = await Harness.StartAsync();
        var request = Request(Team) with { Body = "{}"u8.ToArray() };
        var refused = await ledger.AdmittedAsync(request);
        var lost = await ledger.AdmittedAsync(request);
        (await KeptAsync(ledger)).ShouldBe(2);

        await ledger.ReleaseAsync(refused.ReservationId, Refused);
        (await KeptAsync(ledger)).ShouldBe(1);
        await ledger.UnknownAsync(lost.ReservationId, Unclear);
        (await ledger.ReconcileAsync(lost.ReservationId, new ReconciliationResult.Spent("a test"))).ShouldBeTrue();
        await Harness.PruneResultsAsync(ledger);
        (await KeptAsync(ledger)).ShouldBe(1);

        // Its owner has no id by which it could be deleted.
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(61));
        await Harness.PruneResultsAsync(ledger);
        (await KeptAsync(ledger)).ShouldBe(0);
    }

    private async Task<long> KeptAsync(QuotaLedger ledger) =>
        (
            await Harness
                .DatabaseOf(ledger)
                .ReadAsync(
                    (connection, cancellationToken) =>
                        connection.Command("select count(*) from sent_request").ReadAsync(row => row.GetInt64(0), cancellationToken),
                    CancellationToken.None
                )
        ).Single();

    /// <summary>With one slot, which is taken, and with one request that was sent and refused.</summary>
    private async Task<QuotaLedger> StartAsync(TimeProvider? time = null)
    {
        var ledger = await Harness.StartAsync(
            Harness.Options with
            {
                ConcurrentGenerations = 1,
                GenerationTimeLimit = TimeSpan.FromDays(30),
                UnknownGrace = TimeSpan.FromDays(30),
            },
            time
        );
        var sent = await ledger.AdmittedAsync(Request(Tenant("x")));
        await ledger.ReleaseAsync(sent.ReservationId, Refused);
        await ledger.AdmittedAsync(Request(Tenant("x")));
        return ledger;
    }

    internal static async Task AbandonAsync(QuotaLedger ledger, Tenant tenant)
    {
        using var caller = new CancellationTokenSource();
        var waiting = ledger.AdmitAsync(Request(tenant), caller.Token);
        await ledger.UntilWaitingAsync(1);
        await caller.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
        await Eventually.HoldsAsync(async () =>
        {
            await ledger.FreshAsync(tenant);
            return ledger.Waiting == 0;
        });
    }

    private static async Task<long> UsedAsync(QuotaLedger ledger) => (await ledger.QuotaAsync(Team, "requests-minute")).Used;

    /// <summary>As the maintenance does every minute.</summary>
    private static async Task PruneAsync(QuotaLedger ledger)
    {
        await ledger.SweepAsync();
        while (await ledger.Store.PruneNeverSentAsync(CancellationToken.None)) { }
    }

    private Task<long> CountAsync(QuotaLedger ledger, string table) =>
        Harness.DatabaseOf(ledger).NumberAsync($"select count(*) from {table}");

    private Task<long> LeaseAsync(QuotaLedger ledger) => Harness.DatabaseOf(ledger).NumberAsync("select max(lease_until) from instance");

    private async Task<AdminNeverSent> ReadAsync(QuotaLedger ledger, string tenant) =>
        await new UsageReader(Harness.DatabaseOf(ledger)).ReadNeverSentAsync(
            tenant,
            (await ledger.FreshAsync(Team))[0].At,
            CancellationToken.None
        );

    /// <summary>Its monotonic clock advances by a millisecond whenever it is read: all takes some time.</summary>
    private sealed class TickingClock(AdjustableClock inner) : TimeProvider
    {
        private long _ticks;

        public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

        public override long GetTimestamp() => inner.GetTimestamp() + Interlocked.Add(ref _ticks, TimestampFrequency / 1000);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            inner.CreateTimer(callback, state, dueTime, period);
    }
}
