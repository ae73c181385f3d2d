using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Results;

/// <summary>How the watcher handles every state that the upstream reports, and failed polls.</summary>
public sealed class WatcherTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TwoTenants.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_finished_generation_is_returned_like_the_upstreams_without_foreign_data()
    {
        var seen = (await _gateway.MakeAsync(TwoTenants.AsA, "kestrel over dunes")).AsObject();
        seen["prompt"]!.GetValue<string>().ShouldBe("kestrel over dunes");
        seen["imageWidth"]!.GetValue<int>().ShouldBe(256);
        seen["seed"]!.GetValue<long>().ShouldBe(_gateway.Leonardo.Invoice[0].Seed);
        seen["prompt_moderations"]!.ToJsonString().ShouldBe("""[{"moderationClassification":[]}]""");
        var text = seen.ToJsonString();
        text.ShouldNotContain(_gateway.Leonardo.AccountUserId, Case.Insensitive);
        text.ShouldNotContain(_gateway.Leonardo.Address.Authority);
        text.ShouldNotContain("kestrel_over", Case.Insensitive);
    }

    [Fact]
    public async Task A_finished_generation_is_returned_without_an_upstream_call()
    {
        var id = (await _gateway.MakeAsync(TwoTenants.AsA))["id"]!.GetValue<string>();
        var before = _gateway.Leonardo.Received.Count;
        await _gateway.SeeAsync(id, TwoTenants.AsA);
        await _gateway.GetAsync("/v1/generations", TwoTenants.AsA);
        _gateway.Leonardo.Received.Count.ShouldBe(before);
    }

    [Fact]
    public async Task Of_many_generations_all_are_finished()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => _gateway.BeginAsync(TwoTenants.AsA, $"kestrel {n}")));
        await _gateway.PassAsync(async () =>
            (await Task.WhenAll(made.Select(id => _gateway.SeeAsync(id, TwoTenants.AsA)))).All(seen =>
                seen["status"]!.GetValue<string>() == "COMPLETE"
            )
        );
        await Eventually.HoldsAsync(async () =>
            (await (await _gateway.GetAsync("/health/ready")).JsonAsync())["checks"]!["watcher"]!["polling"]!.GetValue<string>() == "0"
        );
    }

    [Fact]
    public async Task A_running_generation_shows_its_prompt_after_the_first_poll()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "kestrel [sim:job-forever]");
        (await _gateway.SeeAsync(id, TwoTenants.AsA))["status"]!.GetValue<string>().ShouldBe("PENDING");
        await _gateway.PassAsync(async () => (await _gateway.SeeAsync(id, TwoTenants.AsA))["prompt"] is not null);
    }

    [Theory]
    [InlineData("job-fails", "FAILED", 0, false)]
    [InlineData("job-empty", "COMPLETE", 0, false)]
    [InlineData("job-nsfw", "COMPLETE", 1, true)]
    public async Task A_failed_generation_ends(string fault, string status, int images, bool flagged)
    {
        var seen = await _gateway.MakeAsync(TwoTenants.AsA, $"[sim:{fault}]");
        seen["status"]!.GetValue<string>().ShouldBe(status);
        seen["generated_images"]!.AsArray().Count.ShouldBe(images);
        if (flagged)
        {
            seen["generated_images"]![0]!["nsfw"]!.GetValue<bool>().ShouldBeTrue();
            seen["prompt_moderations"]![0]!["moderationClassification"]![0]!.GetValue<string>().ShouldBe("NSFW");
        }
        (await ConcurrentAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_running_generation_holds_its_slot_until_its_end_is_seen()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA);
        (await ConcurrentAsync()).ShouldBe(1);
        await _gateway.PassAsync(async () => (await _gateway.SeeAsync(id, TwoTenants.AsA))["status"]!.GetValue<string>() == "COMPLETE");
        (await ConcurrentAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("error-500")]
    [InlineData("garbage")]
    [InlineData("html")]
    [InlineData("empty-200")]
    [InlineData("rate-limit-429")]
    [InlineData("rate-limit-200")]
    [InlineData("bad-key-401")]
    [InlineData("404")]
    [InlineData("null")]
    [InlineData("reset-before")]
    [InlineData("redirect-307")]
    public async Task A_failed_poll_is_repeated_by_the_schedule(string fault)
    {
        _gateway.Leonardo.Script("get", fault, fault, fault);
        (await _gateway.MakeAsync(TwoTenants.AsA))["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        _gateway.Leonardo.Stats.TrapHits.ShouldBe(0);
    }

    [Fact]
    public async Task A_stuck_generation_frees_its_slot_and_is_polled_less_and_less_often()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        await AdvanceAsync(TimeSpan.FromMinutes(4));
        (await ConcurrentAsync()).ShouldBe(1);
        await AdvanceAsync(TimeSpan.FromMinutes(7));
        await _gateway.PassAsync(async () => await ConcurrentAsync() == 0);

        var polls = _gateway.Leonardo.Stats.Polls[id];
        await AdvanceAsync(TimeSpan.FromMinutes(30));
        (_gateway.Leonardo.Stats.Polls[id] - polls).ShouldBeInRange(1, 30);
        var response = await _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(60));
        (await response.JsonAsync())["generations_by_pk"]!["status"]!.GetValue<string>().ShouldBe("PENDING");
    }

    [Theory]
    [InlineData("error-500", 502, "upstream-unreachable")]
    [InlineData("bad-key-401", 502, "upstream-credentials")]
    [InlineData("rate-limit-429", 503, "upstream-saturated")]
    public async Task A_generation_that_the_upstream_did_not_delete_is_still_readable(string fault, int status, string problem)
    {
        var id = (await _gateway.MakeAsync(TwoTenants.AsA))["id"]!.GetValue<string>();
        _gateway.Leonardo.Script("delete", fault);
        await (await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null, TwoTenants.AsA)).ProblemAsync(status, problem);
        await _gateway.SeeAsync(id, TwoTenants.AsA);
    }

    [Fact]
    public async Task A_result_is_kept_for_the_configured_retention()
    {
        await using var gateway = await TwoTenants.StartAsync(null, ("Results:Retention", "01:00:00"));
        var made = await gateway.MakeAsync(TwoTenants.AsA);
        var id = made["id"]!.GetValue<string>();
        gateway.Time.Advance(TimeSpan.FromMinutes(30));
        await gateway.SeeAsync(id, TwoTenants.AsA);
        gateway.Time.Advance(TimeSpan.FromMinutes(45));
        await gateway.PassAsync(async () =>
            (await gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA)).StatusCode == HttpStatusCode.NotFound
        );
        await (await gateway.GetAsync($"/v1/generations/{id}/images/{made.ImageId()}", TwoTenants.AsA)).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_completed_upload_is_kept_for_the_configured_retention()
    {
        await using var gateway = await TwoTenants.StartAsync(null, ("Results:Retention", "01:00:00"));
        var path = "/v1/init-image/" + await gateway.UploadAsync(TwoTenants.AsA);
        gateway.Time.Advance(TimeSpan.FromMinutes(30));
        (await gateway.GetAsync(path, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);

        gateway.Time.Advance(TimeSpan.FromMinutes(45));

        await gateway.PassAsync(async () => (await gateway.GetAsync(path, TwoTenants.AsA)).StatusCode == HttpStatusCode.NotFound);
    }

    private async Task AdvanceAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(5))
        {
            _gateway.Time.Advance(TimeSpan.FromSeconds(5));
            // A request in between gives the watcher time to do what is due.
            await ConcurrentAsync();
        }
    }

    private Task<int> ConcurrentAsync() => _gateway.ConcurrentAsync(TwoTenants.AsA);
}
