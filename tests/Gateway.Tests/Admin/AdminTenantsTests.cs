using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Admin;

public sealed class AdminTenantsTests
{
    [Fact]
    public async Task A_tenant_is_shown_with_its_policy_in_force_and_its_usage()
    {
        await using var admin = await AdminGateway.StartAsync();
        await admin.GenerateAsync(quantity: 3);

        var tenant = await admin.JsonAsync("/admin/tenants/a");
        tenant["name"]!.GetValue<string>().ShouldBe("Team A");
        tenant["suspended"]!.GetValue<bool>().ShouldBeFalse();
        tenant["policy"]!["maxQuantity"]!.GetValue<int>().ShouldBe(4);
        tenant["policy"]!["references"]!.GetValue<string>().ShouldBe("own");
        tenant["totals"]!["today"]!["images"]!.GetValue<long>().ShouldBe(3);
        Quota(tenant, "images-day")["used"]!.GetValue<long>().ShouldBe(3);
        Quota(tenant, "usd-month")["limit"]!.GetValue<decimal>().ShouldBe(0.5m);

        var all = await admin.JsonAsync("/admin/tenants");
        all["tenants"]!.AsArray().Select(one => one!["id"]!.GetValue<string>()).ShouldBe(["a", "b"]);
        await (await admin.GetAsync("/admin/tenants/c")).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_suspended_tenant_is_refused_until_it_is_resumed_and_the_others_are_not()
    {
        await using var admin = await AdminGateway.StartAsync();

        var answer = await (await admin.PostAsync("/admin/tenants/a/suspend", """{"reason":"runaway script"}""")).JsonAsync();
        answer["suspended"]!.GetValue<bool>().ShouldBeTrue();
        var refused = await admin.GenerateAsync();
        await refused.ProblemAsync(403, "suspended");
        refused.Headers.GetValues("RateLimit").ShouldHaveSingleItem().ShouldContain("\"images-day\";r=4");
        (await admin.GenerateAsync("b")).StatusCode.ShouldBe(HttpStatusCode.OK);
        admin.Gateway.Leonardo.Received.Count(request => request.Method == "POST").ShouldBe(1);

        await admin.PostAsync("/admin/tenants/a/resume", """{"reason":"fixed"}""");
        (await admin.GenerateAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_suspension_needs_no_reason_and_the_audit_says_that_there_was_none()
    {
        await using var admin = await AdminGateway.StartAsync();
        foreach (var action in (string[])["suspend", "resume"])
        {
            var answer = await admin.Gateway.SendAsync(
                HttpMethod.Post,
                "/admin/tenants/a/" + action,
                null,
                ("Authorization", "Bearer " + AdminGateway.Token)
            );
            (await answer.JsonAsync())["suspended"]!.GetValue<bool>().ShouldBe(action == "suspend");
        }
        (await admin.PostAsync("/admin/tenants/a/suspend", "{}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await admin.JsonAsync("/admin/audit"))["lines"]!
            .AsArray()
            .Select(line => line!["reason"]!.GetValue<string>())
            .ShouldBe(["(no reason given)", "(no reason given)", "(no reason given)"]);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        await using var admin = await AdminGateway.StartAsync();
        var tooLong = $$"""{"reason":"{{new string('x', 200_000)}}"}""";
        await (await admin.PostAsync("/admin/tenants/a/suspend", tooLong)).ProblemAsync(413, "too-large");
    }

    [Fact]
    public async Task A_quota_without_a_limit_cannot_be_raised()
    {
        await using var admin = await AdminGateway.StartAsync();
        const string Grant = """{"quota":"imagesPerMonth","amount":2,"reason":"more"}""";
        var refused = await (await admin.PostAsync("/admin/tenants/a/grants", Grant)).ProblemAsync(400, "validation");
        refused.Codes().ShouldBe(["#/quota unlimited"]);
        (await admin.JsonAsync("/admin/audit"))["lines"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_grant_raises_the_limit_for_the_current_period_only()
    {
        await using var admin = await AdminGateway.StartAsync();
        await admin.GenerateAsync(quantity: 4);
        await (await admin.GenerateAsync()).ProblemAsync(429, "quota-exceeded");

        var granted = await admin.PostAsync("/admin/tenants/a/grants", """{"quota":"imagesPerDay","amount":2,"reason":"fair week"}""");
        var quota = Quota(await granted.JsonAsync(), "images-day");
        (quota["limit"]!.GetValue<long>(), quota["granted"]!.GetValue<long>(), quota["remaining"]!.GetValue<long>()).ShouldBe((6, 2, 2));
        (await admin.GenerateAsync(quantity: 1)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await admin.PostAsync("/admin/tenants/a/grants", """{"quota":"imagesPerDay","amount":1,"reason":"one more"}""");
        (await admin.GenerateAsync(quantity: 1)).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests, "now it is the money");
        await admin.PostAsync("/admin/tenants/a/grants", """{"quota":"usdPerMonth","amount":0.25,"reason":"money too"}""");
        (await admin.GenerateAsync(quantity: 2)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await admin.GenerateAsync()).ProblemAsync(429, "quota-exceeded");
        admin.Gateway.Leonardo.Invoice.Sum(line => line.Quantity).ShouldBe(7);

        admin.Gateway.Time.Advance(TimeSpan.FromHours(13));
        var tomorrow = Quota(await admin.JsonAsync("/admin/tenants/a"), "images-day");
        (tomorrow["limit"]!.GetValue<long>(), tomorrow["granted"]!.GetValue<long>()).ShouldBe((4, 0));
    }

    [Theory]
    [InlineData("""{"quota":"imagesPerYear","amount":1,"reason":"x"}""", "validation")]
    [InlineData("""{"quota":"imagesPerDay","amount":0,"reason":"x"}""", "validation")]
    [InlineData("""{"quota":"imagesPerDay","amount":-5,"reason":"x"}""", "validation")]
    [InlineData("""{"quota":"imagesPerDay","amount":1.5,"reason":"x"}""", "validation")]
    [InlineData("""{"quota":"imagesPerDay","amount":1e30,"reason":"x"}""", "malformed-request")]
    [InlineData("""{"quota":"imagesPerDay","amount":1}""", "validation")]
    [InlineData("""{"quota":"imagesPerDay","amount":1,"reason":" "}""", "validation")]
    [InlineData("""{"quota":"imagesPerDay","amount":1,"amount":2,"reason":"x"}""", "malformed-request")]
    [InlineData("""{"quota":"imagesPerDay","amount":1,"reason":"x","force":true}""", "malformed-request")]
    [InlineData("""[]""", "malformed-request")]
    [InlineData("""null""", "malformed-request")]
    public async Task An_invalid_grant_changes_nothing(string body, string problem)
    {
        await using var admin = await AdminGateway.StartAsync();

        await (await admin.PostAsync("/admin/tenants/a/grants", body)).ProblemAsync(400, problem);

        (await admin.JsonAsync("/admin/audit"))["lines"]!.AsArray().ShouldBeEmpty();
        Quota(await admin.JsonAsync("/admin/tenants/a"), "images-day")["granted"]!.GetValue<long>().ShouldBe(0);
    }

    private static System.Text.Json.Nodes.JsonNode Quota(System.Text.Json.Nodes.JsonNode tenant, string name) =>
        tenant["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == name)!;
}
