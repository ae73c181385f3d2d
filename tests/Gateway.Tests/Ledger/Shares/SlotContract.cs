using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Shares;

/// <summary>The limits of the account, and waiting for a slot.</summary>
public abstract class SlotContract : LedgerTest
{
    private protected static readonly QuotaOptions OneSlot = new() { ConcurrentGenerations = 1 };

    [Fact]
    public async Task A_request_waits_for_a_slot_and_gets_it_when_a_generation_ends()
    {
        var ledger = await Harness.StartAsync(OneSlot);
        var first = await ledger.AdmittedAsync(Request(Tenant("a")));
        var second = ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);
        second.IsCompleted.ShouldBeFalse();
        // What waits is held already: no other request can use it.
        (await ledger.QuotaAsync(Tenant("b"), "images-day")).Held.ShouldBe(1);

        await ledger.SettleAsync(first.ReservationId, Cost("g"));
        second.IsCompleted.ShouldBeFalse();
        await ledger.EndAsync("g");

        (await second).ShouldBeOfType<Admission.Admitted>();
    }

    [Fact]
    public async Task A_request_without_a_slot_in_time_is_refused_and_released()
    {
        var ledger = await Harness.StartAsync(OneSlot);
        await ledger.AdmittedAsync(Request(Tenant("a")));
        var waiting = ledger.AdmitAsync(Request(Tenant("b", new QuotaLimits(RequestsPerMinute: 1)), key: "k"), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);

        await Harness.TurnUntilAsync(waiting);

        (await waiting).ShouldBeOfType<Admission.Saturated>().RetryAfter.ShouldBeInRange(1, 30);
        var quotas = await ledger.FreshAsync(Tenant("b"));
        quotas.ShouldAllBe(quota => quota.Name.StartsWith("org-") || quota.Used + quota.Held == 0);
        ledger.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task A_caller_that_disconnects_while_it_waits_holds_nothing()
    {
        var ledger = await Harness.StartAsync(OneSlot);
        await ledger.AdmittedAsync(Request(Tenant("a")));
        using var caller = new CancellationTokenSource();
        var waiting = ledger.AdmitAsync(Request(Tenant("b")), caller.Token);
        await ledger.UntilWaitingAsync(1);

        await caller.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
        await ledger.FreshAsync(Tenant("b"));
        (await ledger.QuotaAsync(Tenant("b"), "images-day")).Held.ShouldBe(0);
        ledger.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task Tenants_take_turns_and_each_is_served_in_order()
    {
        var ledger = await Harness.StartAsync(OneSlot);
        var running = await ledger.AdmittedAsync(Request(Tenant("x")));
        var waiting = new List<(string Name, Task<Admission> Task)>();
        foreach (var name in (string[])["a1", "a2", "a3", "b1", "c1"])
        {
            waiting.Add((name, ledger.AdmitAsync(Request(Tenant(name[..1])), CancellationToken.None)));
            await ledger.UntilWaitingAsync(waiting.Count);
        }

        var order = new List<string>();
        var served = 0;
        while (waiting.Count > 0)
        {
            await ledger.SettleAsync(running.ReservationId, Cost($"g-{served}"));
            await ledger.EndAsync($"g-{served++}");
            var next = await Task.WhenAny(waiting.Select(one => one.Task));
            order.Add(waiting.Single(one => one.Task == next).Name);
            waiting.RemoveAll(one => one.Task == next);
            waiting.ShouldAllBe(one => !one.Task.IsCompleted);
            running = (Admission.Admitted)await next;
        }

        order.ShouldBe(["a1", "b1", "c1", "a2", "a3"]);
    }

    [Fact]
    public async Task No_sixty_seconds_hold_more_than_the_account_allows_even_with_released_ones()
    {
        var ledger = await Harness.StartAsync(new QuotaOptions { GenerationsPerMinute = 3, QueueTimeout = TimeSpan.FromMinutes(2) });
        for (var i = 0; i < 3; i++)
        {
            var admitted = await ledger.AdmittedAsync(Request(Tenant("a")));
            await ledger.ReleaseAsync(admitted.ReservationId, Refused);
            await Harness.AdvanceAsync(TimeSpan.FromSeconds(10));
        }
        var waiting = ledger.AdmitAsync(Request(Tenant("a")), CancellationToken.None);
        await ledger.UntilWaitingAsync(1);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(1));
        await ledger.FreshAsync(Tenant("a"));
        waiting.IsCompleted.ShouldBeFalse();

        await Harness.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        await ledger.FreshAsync(Tenant("a"));
        (await waiting).ShouldBeOfType<Admission.Admitted>();
    }
}
