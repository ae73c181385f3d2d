using System.Net;
using Gateway.Storage;
using Gateway.Tenants.Sessions;
using Gateway.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.SignIn;

/// <summary>Sessions that a bearer token makes.</summary>
public sealed class SessionTests
{
    private const string Unknown = "gateway_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    [Fact]
    public async Task A_token_makes_a_session_that_identifies_its_tenant_until_it_signs_out()
    {
        await using var gateway = await SessionGateway.StartAsync();

        using var created = await gateway.PostAsync(SessionGateway.TokenA);
        var cookie = SessionGateway.CookieOf(created);

        created.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        SessionGateway.SetCookieOf(created).ShouldMatch("^gateway_session=[A-Za-z0-9_-]{43}; path=/; samesite=strict; httponly$");
        (await gateway.WhoAsync(cookie)).ShouldBe("a by session");
        (await gateway.WhoAsync(("Cookie", $"theme=dark; {cookie.Value}; other=1"))).ShouldBe("a by session");
        (await gateway.WhoAsync(cookie, ("authorization", "Bearer " + SessionGateway.TokenB))).ShouldBe(
            "b by token",
            "a token beats the cookie"
        );
        (await gateway.WhoAsync(cookie, ("authorization", "Bearer nonsense"))).ShouldBe("401");
        (await gateway.WhoAsync(cookie, ("authorization", "Bearer 3f2504e0-4f89-41d3-9a0c-0305e82c3301"))).ShouldBe("a by session");

        using var ended = await gateway.SignOutAsync(cookie);
        ended.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        SessionGateway.ShouldHaveClearedTheCookie(ended);
        using var after = await gateway.App.GetAsync("/v1/usage", cookie);
        await after.ShouldAskForATokenAsync();
        SessionGateway.ShouldHaveClearedTheCookie(after);
        using var again = await gateway.SignOutAsync(cookie);
        again.StatusCode.ShouldBe(HttpStatusCode.NoContent, "signing out twice is no error");
    }

    [Fact]
    public async Task An_unknown_cookie_is_refused_and_cleared_and_never_falls_back_to_the_network()
    {
        await using var gateway = await SessionGateway.StartAsync(SessionGateway.Tenants(network: true));
        var (_, valid) = await gateway.SignInAsync(SessionGateway.TokenA);

        foreach (
            var cookie in (string[])["gateway_session=", "gateway_session=x", Unknown, $"{Unknown}; {valid}", valid + "x", $"x=1;{Unknown}"]
        )
        {
            using var refused = await gateway.App.GetAsync("/v1/usage", ("Cookie", cookie));

            var detail = (await refused.ProblemAsync(401, "unidentified"))["detail"]!.GetValue<string>();
            detail.ShouldContain("Sign in again");
            SessionGateway.ShouldHaveClearedTheCookie(refused);
        }
        (await gateway.WhoAsync(("Cookie", $"{valid}; {Unknown}"))).ShouldBe("a by session", "the first has the longer path");
        (await gateway.WhoAsync(("Cookie", "gateway_sessions=x"))).ShouldBe("net by network", "another cookie");
    }

    [Fact]
    public async Task Only_a_valid_token_makes_a_session()
    {
        await using var gateway = await SessionGateway.StartAsync(SessionGateway.Tenants(network: true));
        var cookie = await gateway.SignInAsync(SessionGateway.TokenA);

        foreach (
            var (token, headers) in ((string?, (string, string)[])[])
                [(null, []), (null, [cookie]), ("nonsense", []), ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", [])]
        )
        {
            using var refused = await gateway.PostAsync(token, headers);
            await refused.ShouldAskForATokenAsync();
            refused.Headers.Contains("Set-Cookie").ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Signing_in_replaces_a_value_that_somebody_else_may_know()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var planted = await gateway.SignInAsync(SessionGateway.TokenB);

        var own = await gateway.SignInAsync(SessionGateway.TokenA, planted);
        var invented = await gateway.SignInAsync(SessionGateway.TokenA, ("Cookie", Unknown));

        own.ShouldNotBe(planted);
        invented.Value.ShouldNotContain("AAAA");
        (await gateway.WhoAsync(own)).ShouldBe("a by session");
        (await gateway.WhoAsync(planted)).ShouldBe("401", "the value before the sign-in is worth nothing after it");
    }

    [Fact]
    public async Task A_page_of_another_site_can_neither_use_a_session_nor_start_or_end_one()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var (tenant, admin) = (await gateway.SignInAsync(SessionGateway.TokenA), await gateway.SignInAsync(SessionGateway.Operator));

        foreach (
            var foreign in ((string, string)[])
                [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example"), ("Origin", "null"), ("Origin", "")]
        )
        {
            HttpResponseMessage[] answers =
            [
                await gateway.App.GetAsync("/v1/usage", tenant, foreign),
                await gateway.App.PostAsync(GatewayApp.Guide, headers: [tenant, foreign]),
                await gateway.PostAsync(SessionGateway.TokenB, tenant, foreign),
                await gateway.SignOutAsync(tenant, foreign),
                await gateway.App.GetAsync("/admin/tenants", admin, foreign),
                await gateway.App.PostAsync("""{"reason":"evil"}""", "/admin/tenants/a/suspend", admin, foreign),
                await gateway.App.SendAsync(HttpMethod.Delete, "/admin/session", null, admin, foreign),
            ];
            foreach (var answer in answers)
            {
                await answer.ProblemAsync(403, "cross-site");
                answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
                answer.Dispose();
            }
        }

        var origin = ("Origin", gateway.App.Address.GetLeftPart(UriPartial.Authority));
        (await gateway.WhoAsync(tenant, SessionGateway.SameOrigin, origin)).ShouldBe("a by session");
        (await gateway.AdminAsync(admin, SessionGateway.SameOrigin, origin)).ShouldBe(200);
        gateway.App.Leonardo.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_session_ends_for_good_when_its_token_is_removed_from_the_tenants_file()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var (a, b) = (await gateway.SignInAsync(SessionGateway.TokenA), await gateway.SignInAsync(SessionGateway.TokenB));
        gateway.App.Time.Advance(SessionIdentity.ClockDifference);

        await gateway.UseTenantsAsync("b");
        using var ended = await gateway.App.GetAsync("/v1/usage", a);
        await ended.ProblemAsync(401, "unidentified");
        SessionGateway.ShouldHaveClearedTheCookie(ended);
        (await gateway.WhoAsync(b)).ShouldBe("b by session");

        await gateway.UseTenantsAsync("a", "b");
        (await gateway.WhoAsync(a)).ShouldBe("401", "it does not come back with the token");
    }

    [Fact]
    public async Task An_expired_session_is_refused_and_deleted()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var cookie = await gateway.SignInAsync(SessionGateway.TokenA);
        var now = gateway.App.Time.GetUtcNow();
        SessionIdentity.GetExpiry(SessionRole.Tenant, now).ShouldBe(now.AddDays(7));
        SessionIdentity.GetExpiry(SessionRole.Operator, now).ShouldBe(now.AddHours(12));
        SessionIdentity.GetExpiry(SessionRole.Tenant, now, now.AddMinutes(5)).ShouldBe(now.AddMinutes(5));
        SessionIdentity.GetExpiry(SessionRole.Tenant, now, now.AddDays(30)).ShouldBe(now.AddDays(7));
        await gateway.ExecuteAsync($"update session set expires_at = {now.AddMinutes(1).Micros()}");

        gateway.App.Time.Advance(TimeSpan.FromSeconds(59));
        (await gateway.WhoAsync(cookie)).ShouldBe("a by session");
        gateway.App.Time.Advance(TimeSpan.FromSeconds(1));
        (await gateway.WhoAsync(cookie)).ShouldBe("401");

        gateway.App.Time.Advance(TimeSpan.FromMinutes(9));
        await Eventually.HoldsAsync(async () => await CountAsync(gateway) == 0);

        // A slice is of 500 sessions, and each of these has two rows.
        await gateway.ExecuteAsync(
            $"insert into session (digest, role, name, token, created_at, expires_at) with recursive i(n) as (select 1 union all select n + 1 from i where n < 501) select n, role, 'x', 'x', 0, 1 from i, (select 'tenant' as role union all select 'operator')"
        );
        gateway.App.Time.Advance(TimeSpan.FromMinutes(10));
        await Eventually.HoldsAsync(async () => await CountAsync(gateway) == 0);
    }

    [Fact]
    public async Task The_store_holds_no_secret_and_at_most_a_thousand_sessions_of_a_tenant()
    {
        await using var gateway = await SessionGateway.StartAsync();
        var first = await gateway.SignInAsync(SessionGateway.TokenA);
        (await gateway.SignInAsync(SessionGateway.TokenB)).ShouldNotBe(first);
        await gateway.ExecuteAsync(
            $"insert into session (digest, role, name, token, created_at, expires_at) with recursive i(n) as (select 2 union all select n + 1 from i where n < {SessionStore.MaxSessions}) select n, role, name, token, created_at + n, expires_at from session, i where name = 'a'"
        );
        (await gateway.WhoAsync(first)).ShouldBe("a by session");

        var last = await gateway.SignInAsync(SessionGateway.TokenA);

        (await gateway.WhoAsync(first)).ShouldBe("401", "the oldest makes room");
        (await gateway.WhoAsync(last)).ShouldBe("a by session");
        (await CountAsync(gateway)).ShouldBe(SessionStore.MaxSessions + 1, "another tenant's are its own");
        await gateway.App.Services.GetRequiredService<Database>().DisposeAsync();
        var store = await File.ReadAllTextAsync(
            Path.ChangeExtension(gateway.App.TenantsFile, null).Replace("tenants", "gateway.db", StringComparison.Ordinal),
            System.Text.Encoding.Latin1,
            TestContext.Current.CancellationToken
        );
        store.ShouldContain("session_expiry");
        store.ShouldNotContain(last.Value.Split('=')[1]);
    }

    [Fact]
    public async Task Signing_in_again_and_again_is_refused_and_other_tenants_are_not()
    {
        await using var gateway = await SessionGateway.StartAsync();
        HttpResponseMessage? refused = null;
        for (var i = 0; refused is null && i < 200; i++)
        {
            var answer = await gateway.PostAsync(SessionGateway.TokenA);
            refused = answer.StatusCode == HttpStatusCode.NoContent ? null : answer;
        }

        await refused.ShouldNotBeNull().ProblemAsync(429, "quota-exceeded");
        refused.Headers.RetryAfter.ShouldNotBeNull();
        await gateway.SignInAsync(SessionGateway.TokenB);
    }

    private static Task<long> CountAsync(SessionGateway gateway) =>
        gateway
            .App.Services.GetRequiredService<Database>()
            .ReadAsync(
                async (connection, cancellationToken) =>
                    (await connection.Command("select count(*) from session").ReadAsync(row => row.GetNumber(0), cancellationToken))[0],
                TestContext.Current.CancellationToken
            );
}
