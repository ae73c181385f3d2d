using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Quotas;

/// <summary>Quotas and idempotency keys, as a caller sees them.</summary>
public sealed class QuotaAnswersTests
{
    private const string Limited = """
        { "id": "team", "name": "The Team", "identify": { "networks": ["127.0.0.0/8"] },
          "quota": { "requestsPerMinute": 10, "imagesPerDay": 5, "imagesPerMonth": 100, "usdPerMonth": 2.5, "concurrentGenerations": 8 } }
        """;

    [Fact]
    public async Task A_request_beyond_a_quota_is_refused_with_its_name_and_the_time_to_wait()
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants(Limited));
        (await gateway.PostAsync(Request(4))).StatusCode.ShouldBe(HttpStatusCode.OK);

        var refused = await gateway.PostAsync(Request(2));

        var problem = await refused.ProblemAsync(429, "quota-exceeded");
        problem["violated-policies"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(["images-day"]);
        problem["detail"]!.GetValue<string>().ShouldContain("images-day: 2 asked, 1 of 5 left, resets at 2026-11-23 00:00 UTC.");
        problem.AsObject().ContainsKey("neverAdmitted").ShouldBeFalse();
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromHours(12), "the clock stands at noon");
        gateway.Leonardo.Invoice.Count.ShouldBe(1);
        (await gateway.PostAsync(Request(1))).StatusCode.ShouldBe(HttpStatusCode.OK, "the last image is used");
    }

    [Fact]
    public async Task A_new_day_resets_the_daily_quota_but_not_the_monthly_one()
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants(Limited));
        await gateway.PostAsync(Request(5));
        await (await gateway.PostAsync(Request(1))).ProblemAsync(429, "quota-exceeded");
        gateway.Time.Advance(TimeSpan.FromHours(12));
        (await gateway.PostAsync(Request(1))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var usage = await (await gateway.GetAsync("/v1/usage")).JsonAsync();
        usage["totals"]!["today"]!["images"]!.GetValue<int>().ShouldBe(1);
        usage["totals"]!["month"]!["images"]!.GetValue<int>().ShouldBe(6);
    }

    [Fact]
    public async Task Every_answer_has_the_rate_limit_headers()
    {
        await using var gateway = await GatewayApp.StartAsync(
            $$"""{ "organization": { "quota": { "imagesPerDay": 50 } }, "tenants": [ {{Limited}} ] }"""
        );
        var answer = await gateway.PostAsync(Request(2));
        answer
            .Headers.GetValues("RateLimit-Policy")
            .ShouldHaveSingleItem()
            .ShouldBe(
                """
                "requests-minute";q=10;w=60, "images-day";q=5;w=86400;gateway-unit="images", "images-month";q=100;w=2592000;gateway-unit="images", "usd-month";q=250;w=2592000;gateway-unit="usd-cents", "concurrent-generations";q=8;qu="concurrent-requests", "jobs-queued";q=1000;gateway-unit="jobs", "org-images-day";q=50;w=86400;gateway-unit="images", "uploads-minute";q=30;w=60, "reads-minute";q=600;w=60, "concurrent-streams";q=64;qu="concurrent-requests"
                """
            );
        var limits = answer.Headers.GetValues("RateLimit").ShouldHaveSingleItem();
        limits.ShouldContain("\"images-day\";r=3;t=43200");
        limits.ShouldContain("\"org-images-day\";r=48;t=43200");
        limits.ShouldContain("\"requests-minute\";r=9;t=60");
        limits.ShouldContain("\"concurrent-generations\";r=7");
        limits.ShouldContain("\"usd-month\";r=241;", Case.Sensitive, "0.0869 of 2.50 is used, and cents are rounded down");

        foreach (
            var other in new[] { await gateway.PostAsync("{"), await gateway.GetAsync("/v1/usage"), await gateway.GetAsync("/v2/models") }
        )
            other.Headers.GetValues("RateLimit").ShouldHaveSingleItem().ShouldContain("\"images-day\";r=3");
    }

    [Fact]
    public async Task A_quote_returns_the_price_and_reserves_nothing()
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants(Limited));
        var quote = await (await gateway.PostAsync(Request(3), "/v2/generations/quote")).JsonAsync();
        quote["valid"]!.GetValue<bool>().ShouldBeTrue();
        quote["images"]!.GetValue<int>().ShouldBe(3);
        quote["cost"]!.ToJsonString().ShouldBe("""{"amount":"0.1271","unit":"DOLLARS"}""");
        quote["allowed"]!.GetValue<bool>().ShouldBeTrue();
        quote["remaining"]!["images-day"]!.GetValue<int>().ShouldBe(5);
        quote["remaining"]!["usd-month"]!.GetValue<decimal>().ShouldBe(2.5m);

        var tooMuch = await (await gateway.PostAsync(Request(6), "/v2/generations/quote")).JsonAsync();
        tooMuch["allowed"]!.GetValue<bool>().ShouldBeFalse();
        tooMuch["violatedPolicies"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(["images-day"]);
        await (await gateway.PostAsync("""{"model":"flux-pro-2.0"}""", "/v2/generations/quote")).ProblemAsync(400, "validation");
        gateway.Leonardo.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_same_key_and_body_replay_the_first_outcome_and_are_charged_once()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var first = await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "\"order-1\""));
        var again = await gateway.PostAsync(Request(1), "/api/rest/v2/generations", ("Idempotency-Key", "order-1"));

        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        first.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        (await again.JsonAsync()).ToJsonString().ShouldBe((await first.JsonAsync()).ToJsonString());
        again.Headers.Location.ShouldBe(first.Headers.Location);
        gateway.Leonardo.Invoice.Count.ShouldBe(1);

        await (await gateway.PostAsync(Request(2), headers: ("Idempotency-Key", "order-1"))).ProblemAsync(422, "idempotency-mismatch");
    }

    [Fact]
    public async Task A_replay_works_after_its_reference_image_was_deleted()
    {
        await using var gateway = await TwoTenants.StartAsync();
        var upload = await gateway.UploadAsync(TwoTenants.AsA);
        var body =
            $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","guidances":{"image_reference":[{"image":{"id":"{{{upload}}}","type":"UPLOADED"} }] } } }""";
        (string, string)[] once = [TwoTenants.AsA, ("Idempotency-Key", "once")];
        var first = await (await gateway.PostAsync(body, headers: once)).JsonAsync();
        (await gateway.SendAsync(HttpMethod.Delete, "/v1/init-image/" + upload, null, TwoTenants.AsA)).StatusCode.ShouldBe(
            HttpStatusCode.OK
        );

        var again = await gateway.PostAsync(body, headers: once);

        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        (await again.JsonAsync()).ToJsonString().ShouldBe(first.ToJsonString());
        await (await gateway.PostAsync(body, headers: [TwoTenants.AsA, ("Idempotency-Key", "twice")])).ProblemAsync(400, "validation");
        await (await gateway.PostAsync(body, headers: [TwoTenants.AsB, ("Idempotency-Key", "once")])).ProblemAsync(400, "validation");
        gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_replay_does_not_wait_for_a_deleted_generation()
    {
        await using var gateway = await TwoTenants.StartAsync();
        (string, string)[] once = [TwoTenants.AsA, ("Idempotency-Key", "once"), ("Prefer", "wait=20")];
        var first = gateway.PostAsync(GatewayApp.Guide, headers: once);
        await gateway.PassAsync(() => first.IsCompleted);
        var id = (await (await first).JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
        (await gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var again = await gateway.PostAsync(GatewayApp.Guide, headers: once);

        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        again.Headers.RetryAfter.ShouldBeNull();
        (await again.JsonAsync())["generate"]!["generationId"]!.GetValue<string>().ShouldBe(id);
    }

    [Fact]
    public async Task A_replay_works_after_the_policy_changed()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "tenants.json");
        string Policy(string allowed) =>
            GatewayApp.Tenants(
                $$$"""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "policy": { "allowPublic": {{{allowed}}} } }"""
            );
        await File.WriteAllTextAsync(file, Policy("true"), TestContext.Current.CancellationToken);
        await using var gateway = await GatewayApp.StartAsync(settings: ("Tenants:File", file));
        const string Body = """{"model":"flux-pro-2.0","public":true,"parameters":{"prompt":"A cat"}}""";
        (await gateway.PostAsync(Body, headers: ("Idempotency-Key", "once"))).StatusCode.ShouldBe(HttpStatusCode.OK);

        await File.WriteAllTextAsync(file, Policy("false"), TestContext.Current.CancellationToken);
        await gateway.PassAsync(async () => (await gateway.PostAsync(Body)).StatusCode == HttpStatusCode.Forbidden);
        var made = gateway.Leonardo.Invoice.Count;
        var again = await gateway.PostAsync(Body, headers: ("Idempotency-Key", "once"));

        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        gateway.Leonardo.Invoice.Count.ShouldBe(made);
    }

    [Theory]
    [InlineData("moderation-400", 422, "upstream-rejected")]
    [InlineData("reset-after", 502, "outcome-unknown")]
    public async Task Failures_and_unknown_outcomes_are_replayed_too(string fault, int status, string name)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext(fault);
        var first = await (await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "k"))).ProblemAsync(status, name);
        var again = await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "k"));
        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        var replayed = await again.ProblemAsync(status, name);
        replayed["reason"]?.GetValue<string>().ShouldBe(first["reason"]!.GetValue<string>());
        replayed["reservationId"]?.GetValue<string>().ShouldBe(first["reservationId"]!.GetValue<string>());
        gateway.Leonardo.Received.Count(request => request.Method == "POST").ShouldBe(1);
    }

    [Theory]
    [InlineData("rate-limit-429", "upstream-saturated")]
    [InlineData("queue-full", "upstream-saturated")]
    [InlineData("bad-key-401", "upstream-credentials")]
    [InlineData("forbidden-403", "upstream-credentials")]
    [InlineData("out-of-credit-200", "upstream-out-of-credit")]
    public async Task After_a_refusal_that_is_not_about_the_request_its_key_makes_one_generation(string fault, string name)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext(fault);
        var refused = await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "k"));
        (await refused.JsonAsync())["type"]!.GetValue<string>().ShouldBe("/problems/" + name);
        // After "too many" everything pauses for as long as Leonardo says.
        gateway.Time.Advance(TimeSpan.FromSeconds(7));
        gateway.Leonardo.ScriptNext("slow:0.3");
        var repeats = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "k")))
        );
        repeats.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.OK || answer.StatusCode == HttpStatusCode.Conflict);
        repeats.ShouldContain(answer => answer.StatusCode == HttpStatusCode.OK);
        gateway.Leonardo.Invoice.Count.ShouldBe(1);
        gateway.Leonardo.Received.Count(request => request.Method == "POST").ShouldBe(2);
    }

    [Fact]
    public async Task A_key_is_free_after_a_connection_to_Leonardo_failed()
    {
        var closed = new Uri($"http://127.0.0.1:{Ports.Free()}/api/rest");
        await using var gateway = await GatewayApp.StartAsync(upstream: closed);

        await (await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "k"))).ProblemAsync(502, "upstream-unreachable");
        var again = await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "k"));

        await again.ProblemAsync(502, "upstream-unreachable");
        again.Headers.Contains("Idempotency-Replayed").ShouldBeFalse("it was a new attempt");
    }

    [Fact]
    public async Task Fifty_concurrent_requests_with_one_key_make_one_generation()
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext("slow:0.3");
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "one")))
        );

        foreach (var answer in answers.Where(answer => answer.StatusCode != HttpStatusCode.OK))
        {
            await answer.ProblemAsync(409, "idempotency-in-progress");
            answer.Headers.RetryAfter.ShouldNotBeNull();
        }
        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBeGreaterThan(0);
        gateway.Leonardo.Invoice.Count.ShouldBe(1);
        (await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", "one"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        gateway.Leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_before_admission_does_not_use_up_the_key()
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants(Limited));
        await (await gateway.PostAsync(Request(9), headers: ("Idempotency-Key", "k"))).ProblemAsync(400, "validation");
        await (await gateway.PostAsync(Request(6), headers: ("Idempotency-Key", "k"))).ProblemAsync(429, "quota-exceeded");
        (await gateway.PostAsync(Request(5), headers: ("Idempotency-Key", "k"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("\"unclosed")]
    [InlineData("\"a\" b")]
    [InlineData("a, b")]
    [InlineData("\"\"")]
    public async Task A_malformed_key_is_refused(string key)
    {
        await using var gateway = await GatewayApp.StartAsync();
        var refused = await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", key));
        (await refused.ProblemAsync(400, "malformed-request"))["detail"]!
            .GetValue<string>()
            .ShouldBe(
                "Idempotency-Key is malformed. Nothing was reserved or sent. "
                    + "Send it once: 1 to 255 visible ASCII characters, such as a UUID, bare or as a quoted string."
            );
        await (await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", new string('k', 256)))).ProblemAsync(
            400,
            "malformed-request"
        );
        (await gateway.PostAsync(Request(1), headers: ("Idempotency-Key", new string('k', 255)))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_policy_refusal_names_each_part_that_is_not_allowed()
    {
        await using var gateway = await GatewayApp.StartAsync(
            GatewayApp.Tenants(
                """{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "policy": { "models": [], "maxQuantity": 2, "maxPixels": 1000000 } }"""
            )
        );
        var body = """{"model":"flux-pro-2.0","public":true,"parameters":{"prompt":"x","quantity":3,"width":1024,"height":1024} }""";
        var problem = await (await gateway.PostAsync(body)).ProblemAsync(403, "policy");
        problem
            .Codes()
            .ShouldBe([
                "#/model model-not-allowed",
                "#/parameters/quantity quantity-not-allowed",
                "#/parameters/width pixels-not-allowed",
                "#/public public-not-allowed",
            ]);
        gateway.Leonardo.Received.ShouldBeEmpty();
        (await (await gateway.GetAsync("/v2/models")).JsonAsync())["models"]!.AsArray().ShouldBeEmpty();
    }

    private static string Request(int quantity) =>
        $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","quantity":{{quantity}},"width":1024,"height":1024} }""";
}
