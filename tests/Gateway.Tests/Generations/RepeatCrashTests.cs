using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Generations;

/// <summary>The gateway is killed (<c>kill -9</c>) and started again on its SQLite file.</summary>
public sealed class RepeatCrashTests : RepeatTest
{
    [Fact]
    public async Task After_a_kill_between_acceptance_and_answer_the_repeat_pays_nothing()
    {
        Leonardo.ScriptNext("slow:20");
        using (var waiting = await RawConnection.OpenAsync(Gateway.Address))
        {
            await waiting.SendAsync(Raw("a cat"));
            await Eventually.HoldsAsync(() => Leonardo.Invoice.Count == 1);
            await RestartAsync();
        }

        // Unknown, until the reconciler has found it.
        await Eventually.HoldsAsync(async () =>
        {
            using var repeat = await PostAsync("a cat");
            repeat.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
            return repeat.IsSuccessStatusCode;
        });
        Leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task After_a_kill_between_settlement_and_answer_the_repeat_gets_the_generation_at_once()
    {
        Leonardo.Change(new() { Seconds = 20 });
        using (var waiting = await RawConnection.OpenAsync(Gateway.Address))
        {
            await waiting.SendAsync(Raw("a cat", "Prefer: wait=60\r\n"));
            await Eventually.HoldsAsync(async () => await UsageAsync(Gateway.Client) == (1, 0));
            await RestartAsync();
        }

        using var repeat = await PostAsync("a cat");

        (await IdAsync(repeat)).ShouldBe(Leonardo.Invoice.ShouldHaveSingleItem().GenerationId);
        repeat.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
    }

    [Fact]
    public async Task What_was_deleted_as_soon_as_it_was_answered_answers_no_repeat_after_a_kill_and_stays_paid()
    {
        using var first = await PostAsync("a cat");
        var id = await IdAsync(first);
        using (var deleted = await Gateway.Client.DeleteAsync($"/v1/generations/{id}", TestContext.Current.CancellationToken))
            deleted.EnsureSuccessStatusCode();
        await RestartAsync();

        using var second = await PostAsync("a cat");
        using var gone = await Gateway.Client.GetAsync($"/v1/generations/{id}", TestContext.Current.CancellationToken);

        second.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        gone.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        Leonardo.Invoice.Select(charge => charge.GenerationId).ShouldBe([id, await IdAsync(second)]);
        (await UsageAsync(Gateway.Client)).ShouldBe((2, 0));
    }

    private async Task RestartAsync()
    {
        await Gateway.KillAsync();
        await Gateway.DisposeAsync();
        Gateway = await StartGatewayAsync();
    }
}
