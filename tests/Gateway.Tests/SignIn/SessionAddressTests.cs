using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.SignIn;

/// <summary>Path and scheme of the cookie, which must fit the address that the browser uses.</summary>
public sealed class SessionAddressTests
{
    [Fact]
    public async Task The_cookie_belongs_to_the_public_address()
    {
        await using var gateway = await SessionGateway.StartAsync(settings: ("Identification:TrustedProxies", "127.0.0.1"));

        foreach (
            var (proto, prefix, attributes) in ((string, string, string)[])
                [
                    ("https", "/leonardo", "; path=/leonardo; secure; samesite=strict; httponly"),
                    ("https", "", "; path=/; secure; samesite=strict; httponly"),
                    ("http", "/a/b", "; path=/a/b; samesite=strict; httponly"),
                ]
        )
        {
            (string, string)[] forwarded = [("X-Forwarded-Proto", proto), ("X-Forwarded-Prefix", prefix)];
            using var created = await gateway.App.SendAsync(
                HttpMethod.Post,
                "/api/rest/v1/session",
                null,
                [("authorization", "Bearer " + SessionGateway.TokenA), .. forwarded]
            );

            SessionGateway.SetCookieOf(created).ShouldEndWith(attributes);
            using var ended = await gateway.SignOutAsync([SessionGateway.CookieOf(created), .. forwarded]);
            SessionGateway.SetCookieOf(ended).ShouldEndWith(attributes);
        }
    }

    [Fact]
    public async Task On_the_management_port_the_cookie_belongs_to_the_address_that_the_browser_uses_there()
    {
        var management = $"127.0.0.1:{Ports.Free()}";
        await using var gateway = await SessionGateway.StartAsync(
            settings:
            [
                ("Management:Port", management.Split(':')[1]),
                ("PublicUrl", "https://img.example.internal/leonardo"),
                ("Identification:TrustedProxies", "127.0.0.1"),
            ]
        );
        var operatorToken = ("authorization", "Bearer " + SessionGateway.Operator);

        foreach (
            var (origin, forwarded, attributes) in ((string, (string, string)[], string)[])
                [
                    ($"http://{management}", [], "; path=/; samesite=strict; httponly"),
                    (
                        "https://ops.example.internal",
                        [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "ops.example.internal")],
                        "; path=/; secure; samesite=strict; httponly"
                    ),
                    (
                        "https://img.example.internal",
                        [("X-Forwarded-Host", "img.example.internal")],
                        "; path=/leonardo; secure; samesite=strict; httponly"
                    ),
                ]
        )
        {
            (string, string)[] page = [("Origin", origin), SessionGateway.SameOrigin, .. forwarded];
            using var created = await SendAsync(HttpMethod.Post, "/admin/session", [operatorToken, .. page]);
            created.StatusCode.ShouldBe(HttpStatusCode.NoContent, origin);
            SessionGateway.SetCookieOf(created).ShouldEndWith(attributes);
            var cookie = SessionGateway.CookieOf(created);
            using var read = await SendAsync(HttpMethod.Get, "/admin/tenants", [cookie, .. page]);
            read.StatusCode.ShouldBe(HttpStatusCode.OK, origin);
            using var foreign = await SendAsync(
                HttpMethod.Get,
                "/admin/tenants",
                [cookie, ("Origin", "https://evil.example"), .. forwarded]
            );
            (await foreign.ProblemAsync(403, "cross-site"))["detail"]!
                .GetValue<string>()
                .ShouldContain("PublicUrl (on Management:Port it counts only for a request to its host)");
            using var ended = await SendAsync(HttpMethod.Delete, "/admin/session", [cookie, .. page]);
            SessionGateway.SetCookieOf(ended).ShouldEndWith(attributes);
        }
        using var tenant = await gateway.PostAsync(SessionGateway.TokenA, ("Origin", "https://img.example.internal"));
        SessionGateway.SetCookieOf(tenant).ShouldEndWith("; path=/leonardo; secure; samesite=strict; httponly");

        Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, (string, string)[] headers) =>
            gateway.App.SendAsync(method, $"http://{management}{path}", null, headers);
    }
}
