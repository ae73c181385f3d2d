using System.Net;
using System.Text.Json.Nodes;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Results;

/// <summary>Waiting callers cause no extra upstream calls, however many there are and however they wait.</summary>
public sealed class WaitingTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayApp.StartAsync(
            TwoTenants.WithQuotas("""{ "concurrentStreams": null }""", """{ "concurrentStreams": null }"""),
            simulator: new() { CreationsPerMinute = 0, JobSeconds = 1 }
        );

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    private int Waiting => _gateway.Services.GetRequiredService<CompletionWaiters>().Counts.Values.Sum();

    [Fact]
    public async Task A_post_that_waits_is_answered_with_the_result()
    {
        var posting = _gateway.PostAsync(GatewayApp.Guide, headers: [TwoTenants.AsA, ("Prefer", "wait=60")]);
        await _gateway.PassAsync(() => posting.IsCompleted);
        var response = await posting;
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.GetValues("Preference-Applied").ShouldBe(["wait=60"]);
        response.Headers.RetryAfter.ShouldBeNull();
        var answer = await response.JsonAsync();
        answer["generations_by_pk"]!["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        answer["generate"]!["generationId"]!.GetValue<string>().ShouldBe(answer["generations_by_pk"]!["id"]!.GetValue<string>());
        (await _gateway.GetAsync(new Uri(Url(answer["generations_by_pk"]!)).AbsolutePath, TwoTenants.AsA)).StatusCode.ShouldBe(
            HttpStatusCode.OK
        );
    }

    [Fact]
    public async Task A_post_whose_wait_ends_in_the_queue_is_503_and_nothing_is_made()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Leonardo:ConcurrentGenerations", "1"));
        const string Forever = """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:job-forever]"}}""";
        (await gateway.PostAsync(Forever)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var before = gateway.Time.GetUtcNow();

        var posting = gateway.PostAsync(GatewayApp.Guide, headers: ("Prefer", "wait=3"));
        await gateway.PassAsync(() => posting.IsCompleted, pace: 50);

        var refused = await posting;
        await refused.ProblemAsync(503, "upstream-saturated");
        refused.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        (gateway.Time.GetUtcNow() - before).ShouldBeLessThan(TimeSpan.FromSeconds(30));
        gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_post_whose_wait_times_out_is_202_and_its_repetition_waits_again()
    {
        (string, string)[] headers = [TwoTenants.AsA, ("Prefer", "wait=3"), ("Idempotency-Key", "k")];
        const string Forever = """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:job-forever]"}}""";
        var posting = _gateway.PostAsync(Forever, headers: headers);
        await _gateway.PassAsync(() => posting.IsCompleted);
        var response = await posting;
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        response.Headers.GetValues("Preference-Applied").ShouldBe(["wait=3"]);
        (await response.JsonAsync()).AsObject().ContainsKey("generations_by_pk").ShouldBeFalse();

        var again = _gateway.PostAsync(Forever, headers: headers);
        await Eventually.HoldsAsync(() => Waiting == 1);
        await _gateway.PassAsync(() => again.IsCompleted);
        (await again).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_get_whose_wait_times_out_is_pending_with_retry_after()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        var getting = _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA, ("Prefer", "respond-async, wait=5"));
        await Eventually.HoldsAsync(() => Waiting == 1);
        await _gateway.PassAsync(() => getting.IsCompleted);
        var response = await getting;
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        (await response.JsonAsync())["generations_by_pk"]!["status"]!.GetValue<string>().ShouldBe("PENDING");
    }

    [Theory]
    [InlineData("wait=0")]
    [InlineData("wait=-1")]
    [InlineData("wait=soon")]
    [InlineData("wait")]
    [InlineData("return=minimal")]
    public async Task A_malformed_preference_is_ignored(string prefer)
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        var response = await _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA, ("Prefer", prefer));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.Contains("Preference-Applied").ShouldBeFalse();
    }

    [Fact]
    public async Task A_wait_is_limited_to_two_minutes()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        var getting = _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA, ("Prefer", "wait=86400"));
        await Eventually.HoldsAsync(() => Waiting == 1);
        var began = _gateway.Time.GetUtcNow();
        await _gateway.PassAsync(() => getting.IsCompleted);
        (_gateway.Time.GetUtcNow() - began).TotalSeconds.ShouldBeInRange(120, 150);
        (await getting).Headers.GetValues("Preference-Applied").ShouldBe(["wait=120"]);
    }

    [Fact]
    public async Task A_caller_that_disconnects_leaves_no_waiter_behind()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        using var leave = new CancellationTokenSource();
        var callers = new List<Task>();
        foreach (var header in new[] { ("Prefer", "wait=60"), ("Accept", "text/event-stream") })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/v1/generations/" + id);
            request.Headers.TryAddWithoutValidation(TwoTenants.AsA.Item1, TwoTenants.AsA.Item2);
            request.Headers.TryAddWithoutValidation(header.Item1, header.Item2);
            callers.Add(_gateway.Client.SendAsync(request, HttpCompletionOption.ResponseContentRead, leave.Token));
        }
        await Eventually.HoldsAsync(() => Waiting == 2);
        await leave.CancelAsync();
        await Eventually.HoldsAsync(() => Waiting == 0);
        await Should.ThrowAsync<OperationCanceledException>(() => Task.WhenAll(callers));
    }

    [Fact]
    public async Task Five_hundred_waiters_cause_one_schedule_of_polls()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        var before = Polls(id);
        before.ShouldBe(0);
        var callers = Enumerable
            .Range(0, 500)
            .Select(n =>
                _gateway.GetAsync(
                    "/v1/generations/" + id,
                    TwoTenants.AsA,
                    n % 2 == 0 ? ("Prefer", "wait=20") : ("Accept", "text/event-stream")
                )
            )
            .ToList();
        await Eventually.HoldsAsync(() => Waiting == 500);
        // In 30 seconds the schedule polls at 1, 2.5, 4.5, 7.5, 12.5 and 22.5 s, or a little later on a slow machine.
        var until = _gateway.Time.GetUtcNow() + TimeSpan.FromSeconds(30);
        await _gateway.PassAsync(() => _gateway.Time.GetUtcNow() >= until, pace: 20);
        Polls(id).ShouldBeInRange(4, 6);
        (await Task.WhenAll(callers.Where((_, n) => n % 2 == 0))).ShouldAllBe(response => response.StatusCode == HttpStatusCode.OK);
        await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null, TwoTenants.AsA);
        await Task.WhenAll(callers);
        Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task Fifty_generations_with_ten_waiters_each_cause_fifty_schedules()
    {
        var ids = new List<string>();
        for (var i = 0; i < 50; i++)
            ids.Add(await _gateway.BeginAsync(TwoTenants.AsA));
        var callers = ids.SelectMany(id => Enumerable.Repeat(id, 10))
            .Select(id => _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA, ("Prefer", "wait=100")))
            .ToList();
        await Eventually.HoldsAsync(() => Waiting == 500);
        await _gateway.PassAsync(() => callers.All(caller => caller.IsCompleted), pace: 50);
        foreach (var caller in callers)
            (await (await caller).JsonAsync())["generations_by_pk"]!["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        // Ten run at once for one second each, so the last end after five: at most four polls each by the schedule.
        ids.ShouldAllBe(id => Polls(id) >= 1 && Polls(id) <= 5);
    }

    private int Polls(string id) => _gateway.Leonardo.Stats.Polls.GetValueOrDefault(id);

    private static string Url(JsonNode generation) => generation["generated_images"]![0]!["url"]!.GetValue<string>();
}
