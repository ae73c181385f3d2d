using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>Equal requests without an Idempotency-Key are charged once for each caller who got an answer.</summary>
public abstract class RepeatContract : LedgerTest
{
    private static readonly Gateway.Tenants.Tenant Team = Tenant("a");

    [Fact]
    public async Task A_repeat_gets_what_its_predecessor_did_not_receive_and_uses_no_quota()
    {
        var ledger = await StartAsync();
        var first = await SettledAsync(ledger, "g");
        await ledger.Answers.HangUpAsync(first.Answer!);

        var repeat = await ReplayedAsync(ledger);

        repeat.Outcome.Settlement!.GenerationId.ShouldBe("g");
        (await ledger.QuotaAsync(Team, "images-day")).Used.ShouldBe(1);
    }

    [Fact]
    public async Task A_delivered_answer_answers_nobody_else()
    {
        var ledger = await StartAsync();
        var first = await SettledAsync(ledger, "g");

        ledger.Answers.Deliver(first.Answer!);

        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task While_the_first_caller_waits_an_equal_request_is_a_new_one()
    {
        var ledger = await StartAsync();
        await ledger.AdmittedAsync(Request(Team));
        await SettledAsync(ledger, "g");

        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task One_answer_goes_to_one_repeat_at_a_time_and_to_the_next_if_that_one_goes_too()
    {
        var ledger = await StartAsync();
        var first = await SettledAsync(ledger, "g");
        await ledger.Answers.HangUpAsync(first.Answer!);

        var second = await ReplayedAsync(ledger);
        await ledger.AdmittedAsync(Request(Team));
        await ledger.Answers.HangUpAsync(second.Answer!);
        // The first caller's report comes once more, as after a store fault: it changes nothing.
        var third = await ReplayedAsync(ledger);
        await ledger.Answers.HangUpAsync(first.Answer!);
        await ledger.Answers.HangUpAsync(second.Answer!);
        await ledger.AdmittedAsync(Request(Team));
        ledger.Answers.Deliver(third.Answer!);
        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task A_repeat_of_a_running_request_takes_the_place_of_the_caller_who_left()
    {
        var ledger = await StartAsync();
        var first = await ledger.AdmittedAsync(Request(Team));
        await ledger.Answers.HangUpAsync(first.Answer!);

        var joined = (await ledger.AdmitAsync(Request(Team), CancellationToken.None)).ShouldBeOfType<Admission.Joined>();

        joined.Answer.ReservationId.ShouldBe(first.ReservationId);
        (await ledger.Answers.FindOutcomeAsync(first.ReservationId, CancellationToken.None)).ShouldBeNull();
        await ledger.SettleAsync(first.ReservationId, Cost("g"));
        (await ledger.Answers.FindOutcomeAsync(first.ReservationId, CancellationToken.None))!.Settlement!.GenerationId.ShouldBe("g");
        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task A_repeat_whose_caller_goes_while_it_is_decided_leaves_the_answer_to_the_next()
    {
        var ledger = await StartAsync();
        await ledger.Answers.HangUpAsync((await SettledAsync(ledger, "g")).Answer!);
        for (var n = 0; n < 200; n++)
        {
            // Before, in and after the transaction.
            using var gone = new CancellationTokenSource(TimeSpan.FromMicroseconds(50 * (n % 60)));
            try
            {
                var admission = await ledger.AdmitAsync(Request(Team), gone.Token);
                await ledger.Answers.HangUpAsync(admission.ShouldBeOfType<Admission.Replayed>().Answer!);
            }
            catch (OperationCanceledException) { }
        }

        (await ReplayedAsync(ledger)).Outcome.Settlement!.GenerationId.ShouldBe("g");
    }

    /// <summary>The answer belongs to the repeat by then: that the earlier caller received it says nothing.</summary>
    [Fact]
    public async Task A_late_report_of_an_earlier_caller_delivers_nothing()
    {
        var ledger = await StartAsync();
        var first = await ledger.AdmittedAsync(Request(Team));
        await ledger.SettleAsync(first.ReservationId, Cost("g"));
        await ledger.Answers.HangUpAsync(first.Answer!);
        var repeat = await ReplayedAsync(ledger);

        ledger.Answers.Deliver(first.Answer!);
        await ledger.Answers.HangUpAsync(repeat.Answer!);

        (await ReplayedAsync(ledger)).Outcome.Settlement!.GenerationId.ShouldBe("g");
    }

    [Fact]
    public async Task A_repeat_that_is_decided_together_with_the_hang_up_gets_the_answer()
    {
        var ledger = await StartAsync();
        var first = await SettledAsync(ledger, "g");
        using var entered = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var store = Task.Run(() => ledger.Store.RunAsync(new LedgerKeys(), _ => Hold(entered, release), CancellationToken.None));
        await entered.WaitAsync(TestContext.Current.CancellationToken);
        var busy = ledger.FreshAsync(Team);

        // The repeat is first; both wait for the store.
        var repeat = ReplayedAsync(ledger);
        var hangUp = ledger.Answers.HangUpAsync(first.Answer!);
        release.Set();

        (await repeat).Outcome.Settlement!.GenerationId.ShouldBe("g");
        await Task.WhenAll(store, busy, hangUp);
    }

    private static void Hold(SemaphoreSlim entered, ManualResetEventSlim release)
    {
        entered.Release();
        release.Wait(TimeSpan.FromSeconds(4)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_unknown_outcome_answers_every_repeat_until_it_is_decided()
    {
        var ledger = await StartAsync();
        var first = await ledger.AdmittedAsync(Request(Team));
        await ledger.UnknownAsync(first.ReservationId, Unclear);

        (await ReplayedAsync(ledger)).Outcome.State.ShouldBe(ReservationState.Unknown);
        (await ReplayedAsync(ledger)).Outcome.ReservationId.ShouldBe(first.ReservationId);
        await ledger.ReconcileAsync(first.ReservationId, new ReconciliationResult.Found(Cost("g"), "listed"));

        var repeat = await ReplayedAsync(ledger);
        repeat.Outcome.Settlement!.GenerationId.ShouldBe("g");
        ledger.Answers.Deliver(repeat.Answer!);
        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task What_is_proved_absent_or_was_refused_answers_nobody()
    {
        var ledger = await StartAsync();
        var absent = await ledger.AdmittedAsync(Request(Team));
        await ledger.UnknownAsync(absent.ReservationId, Unclear);
        await ledger.ReconcileAsync(absent.ReservationId, new ReconciliationResult.Absent(Refused, "not-listed", ByOperator: true));
        var refused = await ledger.AdmittedAsync(Request(Team));
        await ledger.ReleaseAsync(refused.ReservationId, Refused);

        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task Another_body_another_tenant_and_a_request_with_a_key_do_not_match()
    {
        var ledger = await StartAsync();
        var first = await SettledAsync(ledger, "g");
        await ledger.Answers.HangUpAsync(first.Answer!);

        await ledger.AdmittedAsync(Request(Team, body: "b"));
        await ledger.AdmittedAsync(Request(Tenant("b")));
        (await ledger.AdmittedAsync(Request(Team, key: "k"))).Answer.ShouldBeNull();

        (await ReplayedAsync(ledger)).Outcome.Settlement!.GenerationId.ShouldBe("g");
    }

    [Fact]
    public async Task A_request_with_a_key_answers_no_repeat_without_one()
    {
        var ledger = await StartAsync();
        await ledger.UnknownAsync((await ledger.AdmittedAsync(Request(Team, key: "k"))).ReservationId, Unclear);

        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task After_the_window_a_repeat_is_a_new_request()
    {
        var ledger = await StartAsync();
        var first = await SettledAsync(ledger, "g");
        await ledger.Answers.HangUpAsync(first.Answer!);
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(9));
        var second = await ReplayedAsync(ledger);
        await ledger.Answers.HangUpAsync(second.Answer!);

        // It counts from the last caller who was owed the answer.
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(9));
        var third = await ReplayedAsync(ledger);
        await ledger.Answers.HangUpAsync(third.Answer!);
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));

        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task A_deleted_or_failed_generation_answers_nobody()
    {
        var ledger = await StartAsync();
        await ledger.Answers.HangUpAsync((await SettledAsync(ledger, "deleted")).Answer!);
        await ExecuteAsync(ledger, "update generation set deleted_at = 1 where id = 'deleted'");
        await ledger.Answers.HangUpAsync((await SettledAsync(ledger, "failed")).Answer!);
        await ExecuteAsync(ledger, "update generation set status = 'FAILED' where id = 'failed'");

        await ledger.AdmittedAsync(Request(Team));
    }

    [Fact]
    public async Task After_a_crash_the_answer_goes_to_the_repeat()
    {
        var first = await StartAsync();
        await SettledAsync(first, "g");
        var open = await first.AdmittedAsync(Request(Team, body: "open"));
        await Harness.CrashAsync(first);
        // On PostgreSQL a replica is known to be dead when its lease is over.
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(31));
        var second = await StartAsync();

        (await ReplayedAsync(second)).Outcome.Settlement!.GenerationId.ShouldBe("g");
        await second.SweepAsync();
        var repeat = await second.AdmitAsync(Request(Team, body: "open"), CancellationToken.None);
        repeat.ShouldBeOfType<Admission.Replayed>().Outcome.ReservationId.ShouldBe(open.ReservationId);
    }

    [Fact]
    public async Task A_delivery_is_durable_with_the_next_batch()
    {
        var first = await StartAsync();
        var settled = await SettledAsync(first, "g");
        first.Answers.Deliver(settled.Answer!);
        await first.AdmittedAsync(Request(Tenant("other")));
        await Harness.CrashAsync(first);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(31));

        await (await StartAsync()).AdmittedAsync(Request(Team));
    }

    private protected Task<QuotaLedger> StartAsync() =>
        Harness.StartAsync(Harness.Options with { RepeatWindow = TimeSpan.FromMinutes(10) });

    private protected static async Task<Admission.Admitted> SettledAsync(QuotaLedger ledger, string generation)
    {
        var admitted = await ledger.AdmittedAsync(Request(Team));
        await ledger.SettleAsync(admitted.ReservationId, Cost(generation));
        return admitted;
    }

    private protected static async Task<Admission.Replayed> ReplayedAsync(QuotaLedger ledger) =>
        (await ledger.AdmitAsync(Request(Team), CancellationToken.None)).ShouldBeOfType<Admission.Replayed>();

    private Task ExecuteAsync(QuotaLedger ledger, string sql) =>
        Harness
            .DatabaseOf(ledger)
            .WriteAsync(
                async (connection, transaction, cancellationToken) =>
                {
                    await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the test's own
                    command.CommandText = sql;
#pragma warning restore CA2100
                    command.Transaction = transaction;
                    return await command.ExecuteNonQueryAsync(cancellationToken);
                },
                CancellationToken.None
            );
}
