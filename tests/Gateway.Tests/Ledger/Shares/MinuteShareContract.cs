using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Shares;

/// <summary>The creations of a minute are shared too, and not used up by the first who comes.</summary>
public abstract class MinuteShareContract : LedgerTest
{
    private static readonly QuotaOptions Account = new() { RepeatWindow = TimeSpan.Zero };

    [Fact]
    public async Task The_last_creations_of_a_minute_are_kept_too()
    {
        var ledger = await Harness.StartAsync(Account with { ConcurrentGenerations = 1000, GenerationsPerMinute = 20 });
        await ledger.AdmittedAsync(Request(Tenant("b")));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(61));
        for (var sent = 0; sent < 18; sent += 2)
        {
            // Not in a burst.
            await AdmitTwoAsync(ledger);
            await Harness.AdvanceAsync(TimeSpan.FromSeconds(6));
        }
        await ledger.AdmittedAsync(Request(Tenant("a")));
        (await ledger.AdmittedLaterAsync(Request(Tenant("a")))).IsCompleted.ShouldBeFalse();

        (await ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None)).ShouldBeOfType<Admission.Admitted>();
    }

    /// <summary>Otherwise the minute would be used up, for everybody, until it has passed (T-K4).</summary>
    [Fact]
    public async Task A_tenant_beyond_its_share_of_a_minute_does_not_use_it_up_in_a_burst()
    {
        var ledger = await Harness.StartAsync(
            Account with
            {
                ConcurrentGenerations = 100,
                GenerationsPerMinute = 60,
                GenerationTimeLimit = TimeSpan.FromSeconds(10),
                QueueTimeout = TimeSpan.FromHours(1),
            }
        );
        // It has been active for a minute.
        await AskEveryThreeSecondsAsync(ledger, times: 20);
        var burst = Enumerable.Range(0, 120).Select(_ => ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None)).ToList();
        // Half of the minute is its share.
        await ledger.UntilWaitingAsync(90);

        await AskEveryThreeSecondsAsync(ledger, times: 40);

        // It is not slower than the account: of two minutes, its share and what the other one leaves.
        (120 - ledger.Waiting).ShouldBeGreaterThan(65);
        await Harness.TurnUntilAsync(Task.WhenAll(burst));
    }

    /// <summary>Each time there is room at once.</summary>
    private async Task AskEveryThreeSecondsAsync(QuotaLedger ledger, int times)
    {
        for (var time = 1; time <= times; time++)
        {
            await Harness.AdvanceAsync(TimeSpan.FromSeconds(3));
            // Of real time: the clock stands still.
            var answer = await ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
            answer.ShouldBeOfType<Admission.Admitted>($"the {time}th");
        }
    }

    private static async Task AdmitTwoAsync(QuotaLedger ledger)
    {
        await ledger.AdmittedAsync(Request(Tenant("a")));
        await ledger.AdmittedAsync(Request(Tenant("a")));
    }
}
