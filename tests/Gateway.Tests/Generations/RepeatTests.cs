using System.Diagnostics;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Generations;

/// <summary>
/// HTTP libraries repeat a POST on their own, without an Idempotency-Key. Real processes and sockets: who received an
/// answer is seen on the connection.
/// </summary>
public sealed class RepeatTests : RepeatTest
{
    [Theory]
    [InlineData("reset-after")]
    [InlineData("fin-after")]
    [InlineData("error-500-after")]
    [InlineData("garbage")]
    [InlineData("half-json")]
    public async Task A_repeat_of_an_unclear_outcome_is_not_sent_again(string fault)
    {
        Leonardo.ScriptNext(fault);

        (await PostAsync("a cat")).IsSuccessStatusCode.ShouldBeFalse();

        for (var n = 0; n < 3; n++)
        {
            using var repeat = await PostAsync("a cat");
            repeat.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        }
        Leonardo.Stats.Creations.ShouldBe(1);
    }

    [Fact]
    public async Task A_repeat_of_a_request_whose_caller_has_gone_takes_its_place()
    {
        Leonardo.ScriptNext("slow:2");
        using (var first = await RawConnection.OpenAsync(Gateway.Address))
        {
            await first.SendAsync(Raw("a cat"));
            await IsRunningForAWhileAsync();
        }
        await SendAndCloseAsync("a cat", TimeSpan.FromSeconds(0.3));

        using var third = await PostAsync("a cat");

        third.EnsureSuccessStatusCode();
        third.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        Leonardo.Invoice.Count.ShouldBe(1);
    }

    /// <summary>The gateway may write its answer before it sees the disconnection, and the write succeeds.</summary>
    [Fact]
    public async Task A_caller_who_goes_in_the_moment_of_the_answer_and_asks_again_pays_once()
    {
        const int lanes = 20;
        const int rounds = 10;
        await Task.WhenAll(
            Enumerable
                .Range(0, lanes)
                .Select(async lane =>
                {
                    for (var round = 0; round < rounds; round++)
                    {
                        var prompt = $"cat {lane} {round}";
                        Leonardo.ScriptNext("slow:0.4");
                        await SendAndCloseAsync(prompt, TimeSpan.FromSeconds(0.4 + 0.003 * (round - 3)));
                        using var repeat = await PostAsync(prompt);
                        repeat.EnsureSuccessStatusCode();
                    }
                })
        );

        Leonardo.Invoice.Count.ShouldBe(lanes * rounds);
    }

    [Fact]
    public async Task Two_people_who_both_receive_the_same_cat_pay_for_two()
    {
        using var first = await PostAsync("a cat");
        using var second = await PostAsync("a cat");

        (await IdAsync(first)).ShouldNotBe(await IdAsync(second));
        second.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        Leonardo.Invoice.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Two_equal_requests_at_the_same_time_are_both_made()
    {
        Leonardo.ScriptNext("slow:0.8", "slow:0.8");

        var both = await Task.WhenAll(PostAsync("a cat"), PostAsync("a cat"));

        (await IdAsync(both[0])).ShouldNotBe(await IdAsync(both[1]));
        Leonardo.Invoice.Count.ShouldBe(2);
    }

    /// <summary>Half a second is what a request waits that cannot know whether its predecessor was delivered.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Equal_requests_one_after_the_other_do_not_wait(bool eachOnItsOwnConnection)
    {
        const int requests = 12;
        Leonardo.ScriptNext([.. Enumerable.Repeat("slow:0.15", requests)]);
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < requests; n++)
        {
            using var answer = await PostAsync("a cat", close: eachOnItsOwnConnection);
            await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(requests * (0.15 + 0.5)));
        Leonardo.Invoice.Count.ShouldBe(requests);
    }

    [Fact]
    public async Task After_a_kill_between_settlement_and_answer_the_repeat_pays_nothing()
    {
        using (var waiting = await RawConnection.OpenAsync(Gateway.Address))
        {
            await waiting.SendAsync(Raw("a cat", "Prefer: wait=60\r\n"));
            await Eventually.HoldsAsync(() => Leonardo.Invoice.Count == 1);
            await Gateway.KillAsync();
        }
        await Gateway.DisposeAsync();
        Gateway = await StartGatewayAsync();

        await Eventually.HoldsAsync(async () =>
        {
            using var repeat = await PostAsync("a cat");
            return repeat.IsSuccessStatusCode;
        });

        Leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task With_the_window_at_zero_every_request_is_a_new_one()
    {
        await Gateway.DisposeAsync();
        Gateway = await StartGatewayAsync(("Quotas__RepeatWindow", "00:00:00"));
        Leonardo.ScriptNext("reset-after");

        (await PostAsync("a cat")).IsSuccessStatusCode.ShouldBeFalse();
        (await PostAsync("a cat")).EnsureSuccessStatusCode();

        Leonardo.Invoice.Count.ShouldBe(2);
    }
}
