using System.Diagnostics;
using System.Globalization;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

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
    public async Task A_caller_whose_leaving_goes_unnoticed_and_who_asks_again_pays_once()
    {
        await LeaveUnnoticedAsync("a cat [sim:slow:4]");

        using var repeat = await PostAsync("a cat [sim:slow:4]");

        (await IdAsync(repeat)).ShouldBe(Leonardo.Invoice.ShouldHaveSingleItem().GenerationId);
    }

    [Fact]
    public async Task A_repeat_takes_the_place_of_three_callers_who_have_gone_one_after_the_other()
    {
        Leonardo.ScriptNext("slow:3");
        using (var first = await RawConnection.OpenAsync(Gateway.Address))
        {
            await first.SendAsync(Raw("a cat"));
            await IsRunningForAWhileAsync();
        }
        await SendAndCloseAsync(Gateway.Address, "a cat", TimeSpan.FromSeconds(0.3));
        await SendAndCloseAsync(Gateway.Address, "a cat", TimeSpan.FromSeconds(0.3));

        using var fourth = await PostAsync("a cat");

        fourth.EnsureSuccessStatusCode();
        fourth.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        Leonardo.Invoice.Count.ShouldBe(1);
    }

    /// <summary>The gateway may write its answer before it sees the disconnection, and the write succeeds.</summary>
    [Fact]
    public async Task A_caller_who_goes_in_the_moment_of_the_answer_and_asks_again_pays_once()
    {
        var callers = await GoInTheMomentOfTheAnswerAsync(Gateway.Client);

        Leonardo.Invoice.Count.ShouldBe(callers);
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

    /// <summary>A busy server may close its own end before it notices that the caller has closed in order.</summary>
    [Fact]
    public async Task Callers_who_close_as_soon_as_they_have_their_answer_get_one_each()
    {
        const int lanes = 32;
        const int rounds = 10;
        var again = await Task.WhenAll(
            Enumerable
                .Range(0, lanes)
                .Select(async lane =>
                {
                    var replayed = 0;
                    for (var round = 0; round < rounds; round++)
                    {
                        using var client = SecretScanningHandler.CreateClient(Gateway.Address);
                        using var answer = await SendAsync(client, $"a cat {lane} [sim:slow:0.15]");
                        answer.EnsureSuccessStatusCode();
                        replayed += answer.Headers.Contains("Idempotency-Replayed") ? 1 : 0;
                    }
                    return replayed;
                })
        );

        again.Sum().ShouldBe(0);
        Leonardo.Invoice.Count.ShouldBe(lanes * rounds);
    }

    /// <summary>The second comes while the first has been running for a while, and waits half a second.</summary>
    [Fact]
    public async Task Two_equal_requests_at_the_same_time_are_both_made_and_neither_waits_for_long()
    {
        Leonardo.ScriptNext("slow:4", "slow:0.2");
        var first = PostAsync("a cat");
        await IsRunningForAWhileAsync();
        var clock = Stopwatch.StartNew();

        using var second = await PostAsync("a cat");

        // Half a second, what its own generation takes, and a busy machine.
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(0.5 + 0.2 + 1.3));
        first.IsCompleted.ShouldBeFalse();
        using var one = await first;
        (await IdAsync(one)).ShouldNotBe(await IdAsync(second));
        Leonardo.Invoice.Count.ShouldBe(2);
    }

    /// <summary>Half a second is what a request waits that cannot know whether its predecessor was delivered.</summary>
    [Theory]
    [InlineData("one connection")]
    [InlineData("a connection for each")]
    [InlineData("curl")]
    public async Task Equal_requests_one_after_the_other_do_not_wait(string sent)
    {
        const int requests = 12;
        const double upstream = 0.15;
        if (sent == "curl")
            Tools.Need("curl");
        Leonardo.ScriptNext([.. Enumerable.Repeat($"slow:{upstream}", requests)]);
        var times = new List<TimeSpan>();
        for (var n = 0; n < requests; n++)
            times.Add(sent == "curl" ? await MeasureCurlAsync() : await MeasureAsync(close: sent == "a connection for each"));

        // A pause of the machine may hit some of them.
        times.Order().ElementAt(requests / 2).ShouldBeLessThan(TimeSpan.FromSeconds(upstream + 0.35));
        Leonardo.Invoice.Count.ShouldBe(requests);
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

    [Theory]
    [InlineData(400, """{"error":"the prompt contains moderated words","path":"$","code":"unexpected"}""", 1)]
    [InlineData(429, "{}", 2)]
    public async Task What_ends_without_a_charge_is_passed_on_if_the_prompt_was_refused_and_else_sent_again(
        int status,
        string body,
        int sent
    )
    {
        var posts = 0;
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var upstream = builder.Build();
        upstream.MapPost(
            "/v2/generations",
            async () =>
            {
                Interlocked.Increment(ref posts);
                await mayAnswer.Task;
                return TypedResults.Text(body, "application/json", statusCode: status);
            }
        );
        await upstream.StartAsync(TestContext.Current.CancellationToken);
        await Gateway.DisposeAsync();
        Gateway = await StartGatewayAsync(("Leonardo__BaseUrl", upstream.Urls.Single()));
        using (var first = await RawConnection.OpenAsync(Gateway.Address))
        {
            await first.SendAsync(Raw("a cat"));
            await Eventually.HoldsAsync(() => Volatile.Read(ref posts) == 1);
            await Task.Delay(3 * RepeatRules.LongRequest, TestContext.Current.CancellationToken);
        }
        var repeating = PostAsync("a cat");
        // It has taken the place of the caller who left: nothing is sent for it.
        await Task.Delay(3 * RepeatRules.LongRequest, TestContext.Current.CancellationToken);
        posts.ShouldBe(1);

        mayAnswer.SetResult();

        using var repeat = await repeating;
        posts.ShouldBe(sent);
        repeat.Headers.Contains("Idempotency-Replayed").ShouldBe(sent == 1);
        await repeat.ProblemAsync(sent == 1 ? 422 : 503, sent == 1 ? "upstream-rejected" : "upstream-saturated");
    }

    private async Task<TimeSpan> MeasureAsync(bool close)
    {
        var clock = Stopwatch.StartNew();
        using var answer = await PostAsync("a cat", close);
        answer.EnsureSuccessStatusCode();
        return clock.Elapsed;
    }

    /// <summary>Without the start of its process.</summary>
    private async Task<TimeSpan> MeasureCurlAsync()
    {
        var seconds = await Shell.RunAsync(
            $"curl -sf -o answer.json -w '%{{time_total}}' -H 'content-type: application/json' -d '{Body("a cat")}' {Gateway.Address}v2/generations",
            Folder.Path
        );
        return TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
    }
}
