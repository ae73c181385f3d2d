using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Tenants.Identification;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Tests.SignIn;

/// <summary>Signing in at the organisation's issuer.</summary>
public sealed class OidcSignInTests
{
    [Fact]
    public async Task A_person_signs_in_at_the_issuer_as_a_member_of_a_team_and_as_an_operator()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        gateway.Issuer.SignIn.Person = new()
        {
            ["groups"] = "img-a",
            ["roles"] = (string[])["gateway-operator"],
            ["preferred_username"] = "olga",
        };

        using var signedIn = await gateway.SignInAsync("/signin?returnUrl=%2F%3Fx%3D1%23usage");

        signedIn.StatusCode.ShouldBe(HttpStatusCode.Redirect, await signedIn.TextAsync());
        signedIn.Headers.Location!.OriginalString.ShouldBe("/?x=1#usage");
        signedIn.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var asked = gateway.Issuer.SignIn.Requests.ShouldHaveSingleItem();
        asked["redirect_uri"].ShouldBe(new Uri(gateway.App.Address, "/signin-oidc").AbsoluteUri);
        asked["scope"].ShouldBe("openid profile");
        asked["nonce"].ShouldNotBeEmpty();
        var session = OidcSignInGateway.SessionOf(signedIn).ShouldNotBeNull();
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("a by session");
        using var suspended = await gateway.App.PostAsync("""{"reason":"because"}""", "/admin/tenants/b/suspend", session);
        suspended.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var audit = await gateway.App.GetAsync("/admin/audit", session);
        (await audit.JsonAsync())["lines"]![0]!["who"]!.GetValue<string>().ShouldStartWith("olga (");

        // The token expires after five minutes.
        gateway.App.Time.Advance(TimeSpan.FromSeconds(301));
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("401");
        (await OidcSignInGateway.WhoAsync(gateway.App)).ShouldBe("net by network", "a network stays keyless");
    }

    [Fact]
    public async Task A_foreign_address_to_return_to_is_refused_and_the_issuer_is_not_asked()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        foreach (
            var query in (string[])
                [
                    "returnUrl=//evil.example",
                    "returnUrl=%2f%2fevil.example",
                    "returnUrl=%2f%5cevil.example",
                    "returnUrl=%09//evil.example",
                    "returnUrl=https://evil.example",
                    "returnUrl=javascript:alert(1)",
                    "returnUrl=/&returnUrl=//evil.example",
                    "returnUrl=",
                ]
        )
        {
            using var refused = await gateway.App.GetAsync("/signin?" + query);
            (await refused.ProblemAsync(400, "validation")).Codes().ShouldBe(["#/returnUrl local-path"], query);
            refused.Headers.Contains("Set-Cookie").ShouldBeFalse();
        }
        gateway.Issuer.SignIn.Requests.ShouldBeEmpty();
        gateway.Issuer.Discoveries.ShouldBe(0);
    }

    [Fact]
    public async Task What_is_cancelled_refused_or_begun_elsewhere_ends_at_a_page_that_offers_to_sign_in_again()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        var pages = gateway.Issuer.SignIn;
        var (first, cookies) = await OidcSignInGateway.BeginAsync(gateway.App);
        var (second, others) = await OidcSignInGateway.BeginAsync(gateway.App);
        var callback = pages.Authorize(first.Query);
        (string Why, string Callback, (string, string) Cookies)[] attempts =
        [
            ("no state", "http://x/signin-oidc?code=1", cookies),
            ("nothing", "http://x/signin-oidc", cookies),
            ("another state", "http://x/signin-oidc?code=1&state=AAAA", cookies),
            ("an error without a state", "http://x/signin-oidc?error=access_denied", cookies),
            ("no cookies", callback, ("Accept", "*/*")),
            ("another browser's cookies", callback, others),
            (
                "an unknown code",
                QueryHelpers.AddQueryString(
                    "http://x/signin-oidc",
                    new Dictionary<string, string?> { ["code"] = "1", ["state"] = pages.Requests.Last()["state"] }
                ),
                cookies
            ),
        ];
        foreach (var (why, address, sent) in attempts)
            await ShouldOfferToSignInAgainAsync(await OidcSignInGateway.FinishAsync(gateway.App, address, sent), why);

        pages.Error = "access_denied";
        await ShouldOfferToSignInAgainAsync(await gateway.SignInAsync(), "cancelled");
        pages.Error = "login_required";
        await ShouldOfferToSignInAgainAsync(await gateway.SignInAsync(), "refused");
        pages.Error = null;
        foreach (
            var (name, value) in ((string, object)[])[("nonce", "another"), ("aud", "another"), ("iss", "https://evil.example"), ("exp", 1)]
        )
        {
            pages.Person = new() { ["groups"] = "img-a", [name] = value };
            await ShouldOfferToSignInAgainAsync(await gateway.SignInAsync(), name);
        }
        await File.WriteAllTextAsync(gateway.SecretFile, "another secret", TestContext.Current.CancellationToken);
        gateway.App.Time.Advance(TimeSpan.FromSeconds(1));
        pages.Person = new() { ["groups"] = "img-a" };
        await ShouldOfferToSignInAgainAsync(await gateway.SignInAsync(), "another secret");
        await File.WriteAllTextAsync(gateway.SecretFile, OidcSignInPages.Secret, TestContext.Current.CancellationToken);
        gateway.App.Time.Advance(TimeSpan.FromSeconds(1));

        // One that was begun goes on, once.
        var late = pages.Authorize(second.Query);
        using var signedIn = await OidcSignInGateway.FinishAsync(gateway.App, late, others);
        signedIn.StatusCode.ShouldBe(HttpStatusCode.Redirect, await signedIn.TextAsync());
        await ShouldOfferToSignInAgainAsync(await OidcSignInGateway.FinishAsync(gateway.App, late, others), "a code that was redeemed");
    }

    [Fact]
    public async Task While_the_issuer_does_not_answer_nobody_signs_in_and_everything_else_works()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        gateway.Issuer.SignIn.TokenStatus = 500;
        using var failed = await gateway.SignInAsync();
        await failed.ProblemAsync(503, "identity-unavailable");
        failed.Headers.RetryAfter.ShouldNotBeNull();
        OidcSignInGateway.SessionOf(failed).ShouldBeNull();

        await gateway.Issuer.StopAsync();
        await using var other = await gateway.StartReplicaAsync();
        using var refused = await other.GetAsync("/signin");
        await refused.ProblemAsync(503, "identity-unavailable");
        refused.Headers.RetryAfter.ShouldNotBeNull();
        using var page = await other.GetAsync("/signin", ("Accept", "text/html"));
        page.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await page.TextAsync()).ShouldContain("Sign in again");
        (await OidcSignInGateway.WhoAsync(other)).ShouldBe("net by network");
    }

    [Fact]
    public async Task Who_fits_no_team_is_refused_and_who_fits_several_chooses()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        var pages = gateway.Issuer.SignIn;
        pages.Person = new() { ["groups"] = "unknown" };
        using var refused = await gateway.SignInAsync();
        (await refused.ProblemAsync(403, "policy"))["detail"]!.GetValue<string>().ShouldContain("identify.jwt");
        OidcSignInGateway.SessionOf(refused).ShouldBeNull();

        pages.Person = new() { ["groups"] = (string[])["img-a", "img-b"] };
        using var asked = await gateway.SignInAsync("/signin?returnUrl=/x", ("Accept", "text/html"));
        asked.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await asked.TextAsync()).ShouldContain("<a href=\"signin?tenant=b&amp;returnUrl=%2Fx\">Continue as Team &lt;B&gt;</a>");
        using var chosen = await gateway.SignInAsync("/signin?tenant=b&returnUrl=%2Fx");
        (await OidcSignInGateway.WhoAsync(gateway.App, OidcSignInGateway.SessionOf(chosen).ShouldNotBeNull())).ShouldBe("b by session");

        pages.Person = new()
        {
            ["groups"] = "none",
            ["roles"] = "gateway-operator",
            ["email"] = "olga@example.org",
        };
        using var signedIn = await gateway.SignInAsync();
        var session = OidcSignInGateway.SessionOf(signedIn).ShouldNotBeNull();
        (await gateway.App.GetAsync("/admin/tenants", session)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("net by network");
    }

    [Fact]
    public async Task Behind_a_proxy_with_a_prefix_the_issuer_sends_people_back_to_the_public_address()
    {
        await using var gateway = await OidcSignInGateway.StartAsync(("PublicUrl", "https://img.example.internal/leonardo"));

        using var started = await gateway.App.GetAsync("/signin");
        using var signedIn = await gateway.SignInAsync("/signin?returnUrl=/docs");

        started
            .Headers.GetValues("Set-Cookie")
            .ShouldAllBe(cookie => cookie.Contains("path=/leonardo/signin-oidc; secure; samesite=lax; httponly", StringComparison.Ordinal));
        gateway.Issuer.SignIn.Requests.Last()["redirect_uri"].ShouldBe("https://img.example.internal/leonardo/signin-oidc");
        signedIn.Headers.Location!.OriginalString.ShouldBe("/leonardo/docs");
        signedIn
            .Headers.GetValues("Set-Cookie")
            .ShouldContain(cookie =>
                cookie.StartsWith("gateway_session=", StringComparison.Ordinal)
                && cookie.EndsWith("; path=/leonardo; secure; samesite=strict; httponly", StringComparison.Ordinal)
            );
    }

    [Fact]
    public async Task A_JWT_makes_a_session_that_ends_with_it_or_with_its_claim()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        var claims = gateway.Issuer.Claims();
        claims["roles"] = "gateway-operator";
        using var created = await gateway.App.SendAsync(
            HttpMethod.Post,
            "/v1/session",
            null,
            ("authorization", "Bearer " + gateway.Issuer.Token(claims))
        );
        created.StatusCode.ShouldBe(HttpStatusCode.NoContent, await created.TextAsync());
        var session = SessionGateway.CookieOf(created);
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("a by session");
        (await gateway.App.GetAsync("/admin/tenants", session)).StatusCode.ShouldBe(HttpStatusCode.OK);

        gateway.App.Time.Advance(TimeSpan.FromSeconds(299));
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("a by session");
        gateway.App.Time.Advance(TimeSpan.FromSeconds(1));
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("401");
        (await gateway.App.GetAsync("/admin/tenants", session)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Without_a_client_there_is_no_sign_in_and_without_an_operator_no_admin()
    {
        await using var gateway = await GatewayApp.StartAsync();

        foreach (var path in (string[])["/signin", "/signin-oidc", "/admin/tenants"])
            await (await gateway.GetAsync(path)).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_sign_in_that_one_replica_began_is_finished_by_another_and_its_session_is_valid_on_both()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        (string, string)[] store = [("Storage:Engine", "PostgreSql"), ("Storage:ConnectionString", await server.CreateDatabaseAsync())];
        await using var gateway = await OidcSignInGateway.StartAsync(store);
        await using var second = await gateway.StartReplicaAsync([.. store, ("PublicUrl", gateway.App.Address.AbsoluteUri)]);
        var (issuer, cookies) = await OidcSignInGateway.BeginAsync(gateway.App);

        using var signedIn = await OidcSignInGateway.FinishAsync(second, gateway.Issuer.SignIn.Authorize(issuer.Query), cookies);

        var session = OidcSignInGateway.SessionOf(signedIn).ShouldNotBeNull();
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("a by session");
        (await OidcSignInGateway.WhoAsync(second, session)).ShouldBe("a by session");
        (await second.SendAsync(HttpMethod.Delete, "/v1/session", null, session)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("401");
    }

    private static async Task ShouldOfferToSignInAgainAsync(HttpResponseMessage response, string why)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, why);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        (await response.TextAsync()).ShouldContain("<a href=\"signin\">Sign in again</a>");
        OidcSignInGateway.SessionOf(response).ShouldBeNull();
        response.Dispose();
    }
}
