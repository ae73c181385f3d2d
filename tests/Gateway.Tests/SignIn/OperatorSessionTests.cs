using System.Net;
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

        await File.WriteAllTextAsync(gateway.AdminTokenFile, "ole another-token-of-the-operators\n", TestContext.Current.CancellationToken);
        gateway.App.Time.Advance(TimeSpan.FromSeconds(1));
        (await gateway.AdminAsync(cookie)).ShouldBe(401);
        await File.WriteAllTextAsync(gateway.AdminTokenFile, $"olga {SessionGateway.Operator}\n", TestContext.Current.CancellationToken);
        gateway.App.Time.Advance(TimeSpan.FromSeconds(1));
        (await gateway.AdminAsync(cookie)).ShouldBe(401, "it does not come back with the token");
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
