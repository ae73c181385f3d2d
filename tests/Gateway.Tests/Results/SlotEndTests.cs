using System.Net;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Results;

/// <summary>A slot mirrors what runs upstream: it is in use until the end of its generation, not longer.</summary>
public sealed class SlotEndTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayApp.StartAsync(
            GatewayApp.Tenants(
                """{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "concurrentGenerations": 1 } }"""
            ),
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 15 }
        );

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Deleting_what_runs_gives_no_slot_to_the_next_request()
    {
        for (var n = 0; n < 23; n++)
        {
            var response = await _gateway.PostAsync(Body(n));
            if (n > 0)
                await response.ProblemAsync(429, "quota-exceeded");
            else
                await DeleteAsync((await response.JsonAsync())["generate"]!["generationId"]!.GetValue<string>());
        }

        _gateway.Leonardo.Stats.PeakRunning.ShouldBe(1);
    }

    [Fact]
    public async Task A_deleted_generation_is_gone_at_once_and_deleted_upstream_at_its_end()
    {
        var id = await BeginAsync();

        await DeleteAsync(id);

        await (await _gateway.GetAsync("/v1/generations/" + id)).ProblemAsync(404, "not-found");
        (await (await _gateway.GetAsync("/v1/generations")).JsonAsync())["generations"]!.AsArray().ShouldBeEmpty();
        await (await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null)).ProblemAsync(404, "not-found");
        Deletions.ShouldBe(0);
        await _gateway.PassAsync(async () => await _gateway.ConcurrentAsync() == 0);
        await _gateway.PassAsync(() => Deletions == 1);
        await (await _gateway.GetAsync("/v1/generations/" + id)).ProblemAsync(404, "not-found");
    }

    [Theory]
    [InlineData("error-500")]
    [InlineData("rate-limit-429")]
    [InlineData("reset-before")]
    public async Task A_deletion_that_fails_upstream_is_repeated_and_holds_no_slot(string fault)
    {
        var id = await BeginAsync();
        _gateway.Leonardo.Script("delete", fault, fault);

        await DeleteAsync(id);

        await _gateway.PassAsync(() => Deletions >= 1);
        (await _gateway.ConcurrentAsync()).ShouldBe(0);
        await _gateway.PassAsync(() => Deletions == 3);
        // Then its end is recorded: it is polled no more.
        var reads = ReadsOf(id);
        for (var second = 0; second < 60; second++)
        {
            _gateway.Time.Advance(TimeSpan.FromSeconds(1));
            await _gateway.ConcurrentAsync();
        }
        ReadsOf(id).ShouldBe(reads);
    }

    /// <summary>The poll that sees its end was claimed before it was deleted.</summary>
    [Fact]
    public async Task A_generation_that_is_deleted_while_its_end_is_read_is_deleted_upstream_too()
    {
        _gateway.Leonardo.Change(new SimulatorChange { Seconds = 0 });
        _gateway.Leonardo.Script("get", "slow:1");
        var id = await BeginAsync();
        await _gateway.PassAsync(() => ReadsOf(id) == 1);

        await DeleteAsync(id);

        Deletions.ShouldBe(0, "its end has not been read");
        await _gateway.PassAsync(() => Deletions == 1);
        await (await _gateway.GetAsync("/v1/generations/" + id)).ProblemAsync(404, "not-found");
    }

    /// <summary>Leonardo does not show it yet, or no more: until its slot is free it is asked for.</summary>
    [Fact]
    public async Task A_deleted_generation_that_cannot_be_read_for_a_moment_is_still_deleted_upstream()
    {
        _gateway.Leonardo.Script("get", "404");
        var id = await BeginAsync();

        await DeleteAsync(id);

        await _gateway.PassAsync(() => Deletions == 1);
        (await _gateway.ConcurrentAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_deleted_generation_that_never_ends_holds_its_slot_no_longer_than_others()
    {
        await DeleteAsync(await BeginAsync("[sim:job-forever]"));

        _gateway.Time.Advance(TimeSpan.FromMinutes(4));
        (await _gateway.ConcurrentAsync()).ShouldBe(1);
        _gateway.Time.Advance(TimeSpan.FromMinutes(6));

        await _gateway.PassAsync(async () => await _gateway.ConcurrentAsync() == 0);
    }

    /// <summary>By the usual pauses it would be noticed after 22.5 s.</summary>
    [Fact]
    public async Task While_a_request_waits_for_a_slot_the_end_of_a_generation_is_noticed_soon()
    {
        await using var gateway = await TwoTenants.StartAsync(
            new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 15 },
            ("Leonardo:ConcurrentGenerations", "1")
        );
        await gateway.BeginAsync(TwoTenants.AsA);
        var begun = gateway.Time.GetUtcNow();
        // Its next poll is far away by now.
        await gateway.PassAsync(() => gateway.Time.GetUtcNow() - begun >= TimeSpan.FromSeconds(13), pace: 40);
        var waiting = gateway.BeginAsync(TwoTenants.AsB);

        await gateway.PassAsync(() => waiting.IsCompleted, pace: 60);

        await waiting;
        (gateway.Time.GetUtcNow() - begun).ShouldBeInRange(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(20));
    }

    /// <summary>From the end of each generation to the next request that takes its slot.</summary>
    [Fact]
    public async Task While_requests_wait_ends_are_noticed_within_a_second_on_average()
    {
        await using var gateway = await TwoTenants.StartAsync(
            new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 7.4 },
            ("Leonardo:ConcurrentGenerations", "1"),
            ("Leonardo:QueueTimeout", "00:10:00")
        );
        var all = Task.WhenAll(Enumerable.Range(0, 8).Select(n => gateway.PostAsync(Body(n), headers: TwoTenants.AsA)));

        await gateway.PassAsync(() => all.IsCompleted, pace: 40);

        (await all).ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.OK);
        var sent = gateway.Leonardo.Received.Where(request => request.Method == "POST").Select(request => request.At).ToList();
        var lags = sent.Zip(sent.Skip(1), (one, next) => (next - one).TotalSeconds - 7.4).Order().ToList();
        TestContext.Current.TestOutputHelper!.WriteLine($"mean {lags.Average():0.00} s, p95 {lags[^1]:0.00} s");
        lags[0].ShouldBeGreaterThanOrEqualTo(0);
        lags.Average().ShouldBeLessThan(1);
        // Of seven, the highest.
        lags[^1].ShouldBeLessThan(2);
    }

    private int ReadsOf(string id) =>
        _gateway.Leonardo.Received.Count(request => request.Method == "GET" && request.Path.EndsWith(id, StringComparison.Ordinal));

    private int Deletions => _gateway.Leonardo.Received.Count(request => request.Method == "DELETE");

    private static string Body(int n) => $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"cat {{{n}}}","width":256,"height":256}}""";

    private async Task<string> BeginAsync(string prompt = "a cat")
    {
        var response = await _gateway.PostAsync(
            $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{prompt}}}","width":256,"height":256}}"""
        );
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
    }

    private async Task DeleteAsync(string id)
    {
        var deleted = await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null);
        (await deleted.JsonAsync()).ToJsonString().ShouldBe($$$"""{"delete_generations_by_pk":{"id":"{{{id}}}"}}""");
    }
}
