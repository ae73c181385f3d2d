using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.SignIn;

/// <summary>Which ID tokens sign a person in, and what they end.</summary>
public sealed class OidcSignInTokenTests
{
    [Fact]
    public async Task People_go_on_signing_in_after_the_issuer_has_changed_its_keys()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        OidcSignInGateway.SessionOf(await gateway.SignInAsync()).ShouldNotBeNull();
        gateway.App.Time.Advance(TimeSpan.FromSeconds(61));

        gateway.Issuer.RotateKey("rsa-2");

        using var signedIn = await gateway.SignInAsync();
        signedIn.StatusCode.ShouldBe(HttpStatusCode.Redirect, await signedIn.TextAsync());
        OidcSignInGateway.SessionOf(signedIn).ShouldNotBeNull();
        gateway.Issuer.KeyFetches.ShouldBe(2);
    }

    [Fact]
    public async Task A_token_that_the_issuer_did_not_sign_signs_nobody_in()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        var issuer = gateway.Issuer;
        using var foreign = RSA.Create(2048);
        byte[] SignForeign(byte[] data) => foreign.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        byte[] SignWithSecret(byte[] data) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(OidcSignInPages.Secret), data);

        foreach (
            var (why, sign) in ((string, Func<Dictionary<string, object>, string>)[])
                [
                    ("unsigned", claims => OidcIssuer.Token(claims, issuer.Header("none"), _ => [])),
                    ("alg none with a signature", claims => issuer.Token(claims, issuer.Header("none"))),
                    ("the signature left out", claims => OidcIssuer.Token(claims, issuer.Header(), _ => [])),
                    ("another's signature", claims => OidcIssuer.Token(claims, issuer.Header(), SignForeign)),
                    ("another's signature and key", claims => OidcIssuer.Token(claims, issuer.Header(kid: "rsa-9"), SignForeign)),
                    ("the client's secret", claims => OidcIssuer.Token(claims, issuer.Header("HS256"), SignWithSecret)),
                    ("no token", _ => "not.a.jwt"),
                ]
        )
        {
            issuer.SignIn.Sign = sign;
            using var refused = await gateway.SignInAsync();
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, why);
            OidcSignInGateway.SessionOf(refused).ShouldBeNull(why);
        }
        issuer.SignIn.Sign = null;
        OidcSignInGateway.SessionOf(await gateway.SignInAsync()).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_claim_that_holds_half_a_character_is_passed_over()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        var issuer = gateway.Issuer;
        string WithHalf(Dictionary<string, object> claims) =>
            OidcIssuer.Token(
                JsonSerializer
                    .Serialize(claims)
                    .Replace("\"img-a\"", """["\ud800","img-a"],"roles":["gateway-operator","\udc00"]""", StringComparison.Ordinal),
                issuer.Header(),
                data => issuer.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            );

        using var created = await gateway.App.SendAsync(
            HttpMethod.Post,
            "/v1/session",
            null,
            ("authorization", "Bearer " + WithHalf(issuer.Claims()))
        );

        created.StatusCode.ShouldBe(HttpStatusCode.NoContent, await created.TextAsync());
        var session = SessionGateway.CookieOf(created);
        (await OidcSignInGateway.WhoAsync(gateway.App, session)).ShouldBe("a by session");
        using var read = await gateway.App.GetAsync("/admin/tenants", session);
        read.StatusCode.ShouldBe(HttpStatusCode.OK);
        // ASP.NET Core's handler refuses such a token.
        issuer.SignIn.Sign = WithHalf;
        using var refused = await gateway.SignInAsync();
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_session_before_ends_though_its_cookie_does_not_come_back_with_the_issuers_link()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        var before = OidcSignInGateway.SessionOf(await gateway.SignInAsync()).ShouldNotBeNull();
        var meanwhile = OidcSignInGateway.SessionOf(await gateway.SignInAsync()).ShouldNotBeNull();

        var (issuer, cookies) = await OidcSignInGateway.BeginAsync(gateway.App, "/signin", before);
        (await OidcSignInGateway.WhoAsync(gateway.App, before)).ShouldBe("a by session", "it may be cancelled");
        using var signedIn = await OidcSignInGateway.FinishAsync(
            gateway.App,
            gateway.Issuer.SignIn.Authorize(issuer.Query),
            ("Cookie", $"{cookies.Value}; {meanwhile.Value}")
        );

        var after = OidcSignInGateway.SessionOf(signedIn).ShouldNotBeNull();
        (await OidcSignInGateway.WhoAsync(gateway.App, after)).ShouldBe("a by session");
        (await OidcSignInGateway.WhoAsync(gateway.App, before)).ShouldBe("401");
        (await OidcSignInGateway.WhoAsync(gateway.App, meanwhile)).ShouldBe("401");
    }

    [Fact]
    public async Task Who_asks_for_a_tenant_of_others_is_refused_and_is_shown_the_own_ones()
    {
        await using var gateway = await OidcSignInGateway.StartAsync();
        using var refused = await gateway.SignInAsync("/signin?tenant=b");
        (await refused.ProblemAsync(403, "policy"))["detail"]!.GetValue<string>().ShouldContain("but to: a.");
        OidcSignInGateway.SessionOf(refused).ShouldBeNull();
        using var page = await gateway.SignInAsync("/signin?tenant=b&returnUrl=/x", ("Accept", "text/html"));
        page.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await page.TextAsync()).ShouldContain("<a href=\"signin?tenant=a&amp;returnUrl=%2Fx\">Continue as Team A</a>");

        gateway.Issuer.SignIn.Person["roles"] = "gateway-operator";
        using var asOperator = await gateway.SignInAsync("/signin?tenant=b");
        await asOperator.ProblemAsync(403, "policy");
        gateway.Issuer.SignIn.Person["groups"] = "none";
        using var onlyOperator = await gateway.SignInAsync("/signin?tenant=b", ("Accept", "text/html"));
        onlyOperator.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await onlyOperator.TextAsync()).ShouldContain("<a href=\"signin?returnUrl=%2F\">Continue as an operator</a>");

        gateway.Issuer.SignIn.Person["groups"] = "img-b";
        using var signedIn = await gateway.SignInAsync("/signin?tenant=b");
        (await OidcSignInGateway.WhoAsync(gateway.App, OidcSignInGateway.SessionOf(signedIn).ShouldNotBeNull())).ShouldBe("b by session");
    }

    [Fact]
    public async Task Operators_sign_in_on_the_management_port_at_its_own_address()
    {
        var management = $"http://127.0.0.1:{Ports.Free()}";
        await using var gateway = await OidcSignInGateway.StartAsync(
            ("Management:Port", management.Split(':')[2]),
            ("PublicUrl", "https://img.example.internal/leonardo")
        );
        gateway.Issuer.SignIn.Person["roles"] = "gateway-operator";

        var (issuer, cookies) = await OidcSignInGateway.BeginAsync(gateway.App, management + "/signin");
        var callback = gateway.Issuer.SignIn.Authorize(issuer.Query);
        callback.ShouldStartWith(management + "/signin-oidc?");
        using var signedIn = await gateway.App.GetAsync(callback, cookies);

        signedIn.Headers.GetValues("Set-Cookie").ShouldContain(cookie => cookie.EndsWith("; path=/; samesite=strict; httponly"));
        var session = OidcSignInGateway.SessionOf(signedIn).ShouldNotBeNull();
        using var read = await gateway.App.GetAsync(management + "/admin/tenants", session, ("Origin", management));
        read.StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
