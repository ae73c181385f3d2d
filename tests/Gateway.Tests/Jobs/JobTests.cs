using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Jobs;

/// <summary><c>Prefer: respond-async</c>, over HTTP against the simulator.</summary>
public sealed class JobTests : IAsyncLifetime
{
    private const string Forever = """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:job-forever]"}}""";
    private static readonly (string, string) Async = ("Prefer", "respond-async");

    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayApp.StartAsync(
            TwoTenants.WithQuotas("""{ "jobsQueued": 3 }""", "{}"),
            simulator: new() { CreationsPerMinute = 0, JobSeconds = 1 },
            settings: ("Leonardo:ConcurrentGenerations", "1")
        );

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_job_is_accepted_at_once_and_made_without_its_caller()
    {
        using var accepted = await _gateway.PostAsync(GatewayApp.Guide, headers: [TwoTenants.AsA, Async]);

        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        accepted.Headers.GetValues("Preference-Applied").ShouldBe(["respond-async"]);
        accepted.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        var job = (await accepted.JsonAsync())["job"]!;
        accepted.Headers.Location!.OriginalString.ShouldBe($"/v1/jobs/{job["id"]}");
        var ended = await EndedAsync(job);
        ended["job"]!["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        ended["job"]!["problem"].ShouldBeNull();
        var made = ended["generations_by_pk"]!;
        made["id"]!.GetValue<string>().ShouldBe(ended["job"]!["generationId"]!.GetValue<string>());
        ended["request"]!["parameters"]!["prompt"]!.GetValue<string>().ShouldBe("A cat wearing a hat");
        (
            await _gateway.GetAsync(new Uri(made["generated_images"]![0]!["url"]!.GetValue<string>()).AbsolutePath, TwoTenants.AsA)
        ).StatusCode.ShouldBe(HttpStatusCode.OK);
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_queued_job_shows_its_position_counts_as_held_and_can_be_cancelled()
    {
        (await _gateway.PostAsync(Forever, headers: TwoTenants.AsB)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var (first, second) = (await QueueAsync("one"), await QueueAsync("two"));

        var seen = await SeeAsync(second);
        seen["job"]!["status"]!.GetValue<string>().ShouldBe("QUEUED");
        seen["job"]!["position"]!.GetValue<int>().ShouldBe(2);
        seen["request"]!["parameters"]!["prompt"]!.GetValue<string>().ShouldBe("two");
        seen["job"]!["estimatedStart"]!.GetValue<DateTimeOffset>().ShouldBeGreaterThanOrEqualTo(GatewayApp.Start);
        var usage = await (await _gateway.GetAsync("/v1/usage", TwoTenants.AsA)).JsonAsync();
        Quota(usage, "images-day")["held"]!.GetValue<int>().ShouldBe(2);
        Quota(usage, "jobs-queued")["used"]!.GetValue<int>().ShouldBe(2);
        Quota(usage, "jobs-queued")["unit"]!.GetValue<string>().ShouldBe("jobs");
        usage["queue"]!["waiting"]!.GetValue<int>().ShouldBe(2);

        for (var again = 0; again < 2; again++)
        {
            using var canceled = await _gateway.SendAsync(HttpMethod.Delete, $"/v1/jobs/{first}", null, TwoTenants.AsA);
            canceled.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await canceled.JsonAsync())["job"]!["status"]!.GetValue<string>().ShouldBe("CANCELED");
        }
        (await SeeAsync(second))["job"]!["position"]!.GetValue<int>().ShouldBe(1);
        usage = await (await _gateway.GetAsync("/v1/usage", TwoTenants.AsA)).JsonAsync();
        Quota(usage, "images-day")["held"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_was_sent_cannot_be_cancelled()
    {
        var job = (await (await _gateway.PostAsync(Forever, headers: [TwoTenants.AsA, Async])).JsonAsync())["job"]![
            "id"
        ]!.GetValue<string>();
        await _gateway.PassAsync(async () => (await SeeAsync(job))["job"]!["status"]!.GetValue<string>() == "RUNNING");

        await (await _gateway.SendAsync(HttpMethod.Delete, $"/v1/jobs/{job}", null, TwoTenants.AsA)).ProblemAsync(409, "job-not-queued");
    }

    [Fact]
    public async Task Another_tenants_job_does_not_exist()
    {
        (await _gateway.PostAsync(Forever, headers: TwoTenants.AsB)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var job = await QueueAsync("mine");

        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Delete])
        {
            var foreign = await (await _gateway.SendAsync(method, $"/v1/jobs/{job}", null, TwoTenants.AsB)).ProblemAsync(404, "not-found");
            var unknown = await (await _gateway.SendAsync(method, $"/v1/jobs/{Guid.NewGuid()}", null, TwoTenants.AsB)).ProblemAsync(
                404,
                "not-found"
            );
            foreign["detail"]!.GetValue<string>().ShouldBe(unknown["detail"]!.GetValue<string>());
        }
        (await ListAsync("/v1/jobs", TwoTenants.AsB))["jobs"]!.AsArray().ShouldBeEmpty();
        (await SeeAsync(job))["job"]!["status"]!.GetValue<string>().ShouldBe("QUEUED");
    }

    [Fact]
    public async Task Jobs_are_listed_by_status_newest_first_and_in_pages()
    {
        (await _gateway.PostAsync(Forever, headers: TwoTenants.AsB)).StatusCode.ShouldBe(HttpStatusCode.OK);
        string[] queued = [await QueueAsync("one"), await QueueAsync("two"), await QueueAsync("three")];
        await (await _gateway.PostAsync(Named("four"), headers: [TwoTenants.AsA, Async])).ProblemAsync(429, "quota-exceeded");
        await _gateway.SendAsync(HttpMethod.Delete, $"/v1/jobs/{queued[1]}", null, TwoTenants.AsA);

        var page = await ListAsync("/v1/jobs?limit=2");
        Ids(page).ShouldBe([queued[2], queued[1]]);
        Ids(await ListAsync($"/api/rest/v1/jobs?limit=2&after={page["next"]}")).ShouldBe([queued[0]]);
        Ids(await ListAsync("/v1/jobs?status=CANCELED")).ShouldBe([queued[1]]);
        Ids(await ListAsync("/v1/jobs?status=QUEUED")).ShouldBe([queued[2], queued[0]]);
        // What is cancelled has no stored request any more.
        page["jobs"]!.AsArray().Select(job => job!["request"]?["parameters"]!["prompt"]!.GetValue<string>()).ShouldBe(["three", null]);
        (await (await _gateway.GetAsync("/v1/jobs?status=LOST&limit=0&after=x", TwoTenants.AsA)).ProblemAsync(400, "validation"))
            .Codes()
            .ShouldBe(["#/after invalid-cursor", "#/limit out-of-range", "#/status unknown-value"]);
    }

    [Fact]
    public async Task An_idempotency_key_repeats_the_job_also_after_a_cancel()
    {
        (await _gateway.PostAsync(Forever, headers: TwoTenants.AsB)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (string, string)[] headers = [TwoTenants.AsA, Async, ("Idempotency-Key", "k")];
        var first = (await (await _gateway.PostAsync(GatewayApp.Guide, headers: headers)).JsonAsync())["job"]!["id"]!.GetValue<string>();
        await _gateway.SendAsync(HttpMethod.Delete, $"/v1/jobs/{first}", null, TwoTenants.AsA);

        using var again = await _gateway.PostAsync(GatewayApp.Guide, headers: headers);

        again.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        (await again.JsonAsync())["job"]!["id"]!.GetValue<string>().ShouldBe(first);
        await (await _gateway.PostAsync(Named("another"), headers: headers)).ProblemAsync(422, "idempotency-mismatch");
    }

    [Fact]
    public async Task A_post_and_a_get_may_wait_for_the_end()
    {
        var posting = _gateway.PostAsync(GatewayApp.Guide, headers: [TwoTenants.AsA, ("Prefer", "respond-async, wait=60")]);
        await _gateway.PassAsync(() => posting.IsCompleted);
        var posted = await posting;
        posted.StatusCode.ShouldBe(HttpStatusCode.OK);
        posted.Headers.GetValues("Preference-Applied").ShouldBe(["respond-async, wait=60"]);
        (await posted.JsonAsync())["generations_by_pk"]!["status"]!.GetValue<string>().ShouldBe("COMPLETE");

        var timeout = _gateway.PostAsync(Forever, headers: [TwoTenants.AsA, ("Prefer", "wait=2, respond-async")]);
        await _gateway.PassAsync(() => timeout.IsCompleted);
        (await timeout).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        var id = (await (await timeout).JsonAsync())["job"]!["id"]!.GetValue<string>();
        var getting = _gateway.GetAsync($"/v1/jobs/{id}", TwoTenants.AsA, ("Prefer", "wait=3"));
        await _gateway.PassAsync(() => getting.IsCompleted);
        (await getting).Headers.GetValues("Preference-Applied").ShouldBe(["wait=3"]);
        (await (await getting).JsonAsync())["job"]!["status"]!.GetValue<string>().ShouldBe("RUNNING");
    }

    [Fact]
    public async Task Events_show_each_status_until_the_end()
    {
        (await _gateway.PostAsync(GatewayApp.Guide, headers: TwoTenants.AsB)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var job = await QueueAsync("a cat");

        var reading = EventsAsync(job);
        await _gateway.PassAsync(() => reading.IsCompleted);

        var events = await reading;
        events.Select(one => one["job"]!["status"]!.GetValue<string>()).Distinct().ShouldBe(["QUEUED", "RUNNING", "COMPLETE"]);
        events[^1]["generations_by_pk"]!["status"]!.GetValue<string>().ShouldBe("COMPLETE");
    }

    [Theory]
    [InlineData("[sim:moderation-400]", "REFUSED", "upstream-rejected")]
    [InlineData("[sim:job-fails]", "FAILED", null)]
    public async Task The_outcome_of_a_job_is_shown(string prompt, string status, string? problem)
    {
        var ended = await EndedAsync(
            (await (await _gateway.PostAsync(Named(prompt), headers: [TwoTenants.AsA, Async])).JsonAsync())["job"]!
        );

        ended["job"]!["status"]!.GetValue<string>().ShouldBe(status);
        (ended["job"]!["problem"]?["type"]?.GetValue<string>()).ShouldBe(problem is null ? null : "/problems/" + problem);
    }

    [Fact]
    public async Task A_suspended_tenants_jobs_are_refused_and_cost_nothing()
    {
        await using var admin = await AdminGateway.StartAsync(("Leonardo:ConcurrentGenerations", "1"));
        (await admin.GenerateAsync("b")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var accepted = await (await admin.Gateway.PostAsync(GatewayApp.Guide, headers: Async)).JsonAsync();
        (await admin.PostAsync("/admin/tenants/a/suspend", """{"reason":"a test"}""")).EnsureSuccessStatusCode();
        for (var second = 0; second < 10; second++)
        {
            admin.Gateway.Time.Advance(TimeSpan.FromSeconds(1));
            await admin.JsonAsync("/admin/tenants/a");
        }
        (await admin.PostAsync("/admin/tenants/a/resume", """{"reason":"a test"}""")).EnsureSuccessStatusCode();

        var seen = await (await admin.Gateway.GetAsync($"/v1/jobs/{accepted["job"]!["id"]}")).JsonAsync();
        seen["job"]!["status"]!.GetValue<string>().ShouldBe("REFUSED");
        seen["job"]!["problem"]!["type"]!.GetValue<string>().ShouldBe("/problems/suspended");
        Quota(await (await admin.Gateway.GetAsync("/v1/usage")).JsonAsync(), "images-day")["held"]!.GetValue<int>().ShouldBe(0);
    }

    [Fact]
    public async Task A_body_that_breaks_a_rule_is_refused_at_once()
    {
        await (await _gateway.PostAsync("""{"model":"flux-pro-2.0","parameters":{}}""", headers: [TwoTenants.AsA, Async])).ProblemAsync(
            400,
            "validation"
        );
        (await ListAsync("/v1/jobs"))["jobs"]!.AsArray().ShouldBeEmpty();
    }

    private static string Named(string prompt) => $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{prompt}}}"}}""";

    private static JsonNode Quota(JsonNode usage, string name) =>
        usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == name)!;

    private static string[] Ids(JsonNode list) => [.. list["jobs"]!.AsArray().Select(job => job!["id"]!.GetValue<string>())];

    private async Task<string> QueueAsync(string prompt)
    {
        using var accepted = await _gateway.PostAsync(Named(prompt), headers: [TwoTenants.AsA, Async]);
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        _gateway.Time.Advance(TimeSpan.FromMilliseconds(1));
        return (await accepted.JsonAsync())["job"]!["id"]!.GetValue<string>();
    }

    private async Task<JsonNode> SeeAsync(string job) =>
        await (await _gateway.GetAsync($"/v1/jobs/{job}", TwoTenants.AsA)).EnsureSuccessStatusCode().JsonAsync();

    private async Task<JsonNode> ListAsync(string path, (string, string)? tenant = null) =>
        await (await _gateway.GetAsync(path, tenant ?? TwoTenants.AsA)).EnsureSuccessStatusCode().JsonAsync();

    private async Task<JsonNode> EndedAsync(JsonNode job)
    {
        JsonNode? seen = null;
        await _gateway.PassAsync(async () =>
            (seen = await SeeAsync(job["id"]!.GetValue<string>()))["job"]!["status"]!.GetValue<string>() is not ("QUEUED" or "RUNNING")
        );
        return seen!;
    }

    private async Task<List<JsonNode>> EventsAsync(string job)
    {
        using var response = await _gateway.GetAsync($"/v1/jobs/{job}", TwoTenants.AsA, ("Accept", "text/event-stream"));
        var text = await response.TextAsync();
        return
        [
            .. text.Split('\n')
                .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
                .Select(line => JsonNode.Parse(line[6..])!),
        ];
    }
}
