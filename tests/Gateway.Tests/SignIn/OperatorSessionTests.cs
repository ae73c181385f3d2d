using System.Net;
using Gateway.Storage;
using Gateway.Tenants.Sessions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.SignIn;

/// <summary>Sessions that an operator's token makes: one sign-in for the whole console.</summary>
public sealed class OperatorSessionTests
{
    [Fact]
    public async Task An_operators_token_makes_a_session_that_the_audit_trail_names()
    {
        await using var gateway = await SessionGateway.StartAsync(SessionGateway.Tenants(network: true));
        foreach (var path in (string[])["/v1/session", "/admin/session"])
            await CheckAsync(gateway, path);
    }

    private static async Task CheckAsync(SessionGateway gateway, string path)
    {
        using var created = await gateway.App.SendAsync(
            HttpMethod.Post,
            path,
            null,
            ("authorization", "Bearer " + SessionGateway.Operator)
        );
        var cookie = SessionGateway.CookieOf(created);

        created.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var report = await gateway.App.GetAsync("/v1/session", cookie);
        (await report.JsonAsync())["operator"]!.GetValue<string>().ShouldStartWith("olga (");
        using var suspended = await gateway.App.PostAsync(
            """{"reason":"because"}""",
            "/admin/tenants/b/suspend",
            cookie,
            SessionGateway.SameOrigin
        );
        suspended.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var audit = await gateway.App.GetAsync("/admin/audit", cookie);
        (await audit.JsonAsync())["lines"]![0]!["who"]!.GetValue<string>().ShouldStartWith("olga (");
        (await gateway.WhoAsync(cookie)).ShouldBe("net by network", "the operator is in a tenant's network, and stays keyless");
        using var ended = await gateway.App.SendAsync(HttpMethod.Delete, path, null, cookie);
        ended.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await gateway.AdminAsync(cookie)).ShouldBe(401);
        using var without = await gateway.App.SendAsync(HttpMethod.Post, "/admin/session", null, cookie);
        await without.ProblemAsync(401, "unidentified");
    }

    [Fact]
    public async Task A_tenants_session_is_no_operators_and_the_other_way_round()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var (tenant, admin) = (await gateway.SignInAsync(SessionGateway.TokenA), await gateway.SignInAsync(SessionGateway.Operator));

        using var refused = await gateway.App.GetAsync("/admin/tenants", tenant);
        await refused.ProblemAsync(401, "unidentified");
        refused.Headers.Contains("Set-Cookie").ShouldBeFalse("the session goes on");
        (await gateway.WhoAsync(admin)).ShouldBe("401");
        (await gateway.WhoAsync(tenant)).ShouldBe("a by session");
        (await gateway.AdminAsync(admin, ("authorization", "Bearer nonsense-of-some-length"))).ShouldBe(401, "a token beats the cookie");
        using var unknown = await gateway.App.GetAsync("/admin/tenants", ("Cookie", "gateway_session=x"));
        await unknown.ProblemAsync(401, "unidentified");
        SessionGateway.ShouldHaveClearedTheCookie(unknown);
    }

    [Fact]
    public async Task One_browser_can_be_signed_in_as_a_tenant_and_as_an_operator()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var first = await gateway.SignInAsync(SessionGateway.TokenA);

        var both = await gateway.SignInAsync(SessionGateway.Operator, first);
        (await gateway.WhoAsync(both)).ShouldBe("a by session");
        (await gateway.AdminAsync(both)).ShouldBe(200);
        (await gateway.WhoAsync(first)).ShouldBe("401");

        var other = await gateway.SignInAsync(SessionGateway.TokenB, both);
        (await gateway.WhoAsync(other)).ShouldBe("b by session");
        (await gateway.AdminAsync(other)).ShouldBe(200);
        (await gateway.AdminAsync(both)).ShouldBe(401);

        (await gateway.SignOutAsync(other)).Dispose();
        (await gateway.WhoAsync(other)).ShouldBe("401");
        (await gateway.AdminAsync(other)).ShouldBe(401);
    }

    [Fact]
    public async Task It_ends_for_good_when_its_token_is_removed_from_the_file()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var cookie = await gateway.SignInAsync(SessionGateway.Operator);
        gateway.App.Time.Advance(SessionIdentity.ClockDifference);

        await gateway.UseOperatorsAsync("ole another-token-of-the-operators");
        (await gateway.AdminAsync(cookie)).ShouldBe(401);
        await gateway.UseOperatorsAsync($"olga {SessionGateway.Operator}");
        (await gateway.AdminAsync(cookie)).ShouldBe(401, "it does not come back with the token");
    }

    [Fact]
    public async Task The_end_of_one_role_leaves_the_other_signed_in()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var tenant = await gateway.SignInAsync(SessionGateway.Operator, await gateway.SignInAsync(SessionGateway.TokenA));
        var admin = await gateway.SignInAsync(SessionGateway.Operator, await gateway.SignInAsync(SessionGateway.TokenB));
        gateway.App.Time.Advance(SessionIdentity.ClockDifference);

        await gateway.UseTenantsAsync("a");
        using var ended = await gateway.App.GetAsync("/v1/usage", admin);
        await ended.ProblemAsync(401, "unidentified");
        ended.Headers.Contains("Set-Cookie").ShouldBeFalse("the operator's session goes on");
        (await gateway.AdminAsync(admin)).ShouldBe(200);
        await gateway.UseTenantsAsync("a", "b");
        (await gateway.WhoAsync(admin)).ShouldBe("401", "the team's does not come back with the token");
        (await gateway.AdminAsync(admin)).ShouldBe(200);

        await gateway.UseOperatorsAsync("ole another-token-of-the-operators");
        using var refused = await gateway.App.GetAsync("/admin/tenants", tenant);
        await refused.ProblemAsync(401, "unidentified");
        refused.Headers.Contains("Set-Cookie").ShouldBeFalse("the team's session goes on");
        (await gateway.WhoAsync(tenant)).ShouldBe("a by session");
        using var both = await gateway.App.GetAsync("/v1/session", admin);
        SessionGateway.ShouldHaveClearedTheCookie(both);
    }

    /// <param name="ahead">Seconds by which the clock of this replica is ahead of the other one's.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(59)]
    public async Task A_replica_with_an_older_file_refuses_a_session_and_does_not_end_it(int ahead)
    {
        await using var gateway = await SessionGateway.StartAsync();
        var otherClock = gateway.App.Time.GetUtcNow().AddSeconds(2);
        gateway.App.Time.Advance(TimeSpan.FromSeconds(ahead));
        await gateway.UseTenantsAsync("a");
        await gateway.UseOperatorsAsync("ole another-token-of-the-operators");
        (await gateway.AdminAsync(("authorization", "Bearer " + SessionGateway.Operator))).ShouldBe(401);
        gateway.App.Time.Advance(TimeSpan.FromSeconds(1));
        // Another replica has read the files that this one has not seen yet.
        var cookie = await gateway.StoreAsync((SessionRole.Tenant, "b", SessionGateway.TokenB), SessionGateway.KnownOperator);
        await gateway.ExecuteAsync($"update session set created_at = {otherClock.Micros()}");

        for (var i = 0; i < 2; i++)
        {
            using var early = await gateway.App.GetAsync("/v1/usage", cookie);
            await early.ProblemAsync(401, "unidentified");
            early.Headers.Contains("Set-Cookie").ShouldBeFalse();
            using var refused = await gateway.App.GetAsync("/admin/tenants", cookie);
            await refused.ProblemAsync(401, "unidentified");
            refused.Headers.Contains("Set-Cookie").ShouldBeFalse();
        }
        await gateway.UseTenantsAsync("a", "b");
        await gateway.UseOperatorsAsync($"olga {SessionGateway.Operator}");
        (await gateway.WhoAsync(cookie)).ShouldBe("b by session");
        (await gateway.AdminAsync(cookie)).ShouldBe(200);
    }

    [Fact]
    public async Task A_token_that_looks_like_a_UUID_or_has_any_characters_signs_in_as_it_opens_the_routes()
    {
        string[] tokens = ["3f2504e0-4f89-41d3-9a0c-0305e82c3301", "{braces}:and;\"quotes\",!#$%&'", "two.dots.like-a-JWT"];
        await using var gateway = await SessionGateway.StartAsync();
        await gateway.UseOperatorsAsync(tokens);

        foreach (var token in tokens)
        {
            (await gateway.AdminAsync(("authorization", "Bearer " + token))).ShouldBe(200, token);
            foreach (var path in (string[])["/v1/session", "/admin/session"])
            {
                using var created = await gateway.App.SendAsync(HttpMethod.Post, path, null, ("authorization", "bearer  " + token));
                created.StatusCode.ShouldBe(HttpStatusCode.NoContent, token);
                (await gateway.AdminAsync(SessionGateway.CookieOf(created))).ShouldBe(200, token);
            }
        }
    }

    [Fact]
    public async Task Guessing_at_the_sign_in_blocks_the_address_and_a_valid_token_passes()
    {
        await using var gateway = await SessionGateway.StartAsync();
        // A page that goes on using a session that has ended guesses at nothing.
        for (var i = 0; i < 20; i++)
            (await gateway.AdminAsync(("Cookie", "gateway_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))).ShouldBe(401);
        for (var i = 0; i < 10; i++)
        {
            using var guess = await gateway.PostAsync($"guess-{i}");
            await guess.ProblemAsync(401, "unidentified");
        }

        using var blocked = await gateway.PostAsync("guess-10");
        await blocked.ProblemAsync(429, "too-many-attempts");
        (await gateway.AdminAsync(("authorization", "Bearer guess-11"))).ShouldBe(429);
        (await gateway.AdminAsync(await gateway.SignInAsync(SessionGateway.Operator))).ShouldBe(200);
        (await gateway.WhoAsync(await gateway.SignInAsync(SessionGateway.TokenA))).ShouldBe("a by session");
    }
}
