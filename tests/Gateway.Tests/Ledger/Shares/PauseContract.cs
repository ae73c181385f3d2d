using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Shares;

/// <summary>After the account's own refusals creations pause, and then go one by one.</summary>
public abstract class PauseContract : LedgerTest
{
    private protected static readonly QuotaOptions Account = new() { RepeatWindow = TimeSpan.Zero };
    private protected static readonly Outcome TooMany = new("upstream-saturated", 503, "Too many.");
    private int _generation;

    [Fact]
    public async Task After_too_many_everything_pauses_as_long_as_Leonardo_says_and_then_goes_one_by_one()
    {
        var ledger = await Harness.StartAsync(Account with { ConcurrentGenerations = 100 });
        var refused = await ledger.AdmittedAsync(Request(Tenant("a")));
        await ledger.ReleaseAsync(refused.ReservationId, TooMany with { RetryAfter = 7 });
        var waiting = Enumerable.Range(0, 12).Select(_ => ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None)).ToList();
        await ledger.UntilWaitingAsync(12);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(6.9));
        await ledger.FreshAsync(Tenant("b"));
        ledger.Waiting.ShouldBe(12);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(0.2));
        await ledger.FreshAsync(Tenant("b"));

        for (var probe = 0; probe < 10; probe++)
        {
            await ledger.UntilWaitingAsync(11 - probe);
            await ledger.FreshAsync(Tenant("b"));
            ledger.Waiting.ShouldBe(11 - probe, "the next one goes when this one is accepted");
            var next = await Task.WhenAny(waiting);
            waiting.Remove(next);
            await ledger.SettleAsync(((Admission.Admitted)await next).ReservationId, Cost($"g{++_generation}"));
            await ledger.FreshAsync(Tenant("b"));
        }
        // Ten were accepted: at full rate again.
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task Without_a_Retry_After_the_pause_is_five_seconds()
    {
        var ledger = await Harness.StartAsync(Account);
        await ledger.ReleaseAsync((await ledger.AdmittedAsync(Request(Tenant("a")))).ReservationId, TooMany);
        var waiting = ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        await ledger.FreshAsync(Tenant("a"));
        waiting.IsCompleted.ShouldBeFalse();
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        await ledger.FreshAsync(Tenant("a"));

        (await waiting).ShouldBeOfType<Admission.Admitted>();
    }
}
