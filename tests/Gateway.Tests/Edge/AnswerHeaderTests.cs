using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Edge;

/// <summary>
/// The headers against framing, content sniffing and inline scripts, on every kind of answer.
/// </summary>
public sealed partial class AnswerHeaderTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    [Theory]
    [InlineData("/v2/models", 200)]
    [InlineData("/v1/usage", 200)]
    [InlineData("/", 200)]
    [InlineData("/problems", 200)]
    [InlineData("/problems/validation", 200)]
    [InlineData("/problems/none", 404)]
    [InlineData("/problems.css", 200)]
    [InlineData("/swagger/index.html", 200)]
    [InlineData("/swagger/swagger-ui-bundle.js", 200)]
    [InlineData("/swagger/v1/swagger.json", 200)]
    [InlineData("/health/live", 200)]
    [InlineData("/nowhere", 404)]
    [InlineData("/v2/generations", 405)]
    public async Task Every_answer_has_the_security_headers(string path, int status)
    {
        foreach (var accept in new[] { "text/html, */*;q=0.1", "application/json" })
        {
            var answer = await _gateway.GetAsync(path, ("Accept", accept));
            ((int)answer.StatusCode).ShouldBe(status);
            Check(answer);
        }
    }

    [Fact]
    public async Task Refusals_of_a_body_have_the_security_headers()
    {
        Check(await _gateway.PostAsync("{}"));
        Check(await _gateway.PostAsync("{"));
        Check(await _gateway.PostAsync(new string(' ', 128 * 1024 + 1)));
        Check(await _gateway.PostAsync(GatewayApp.Guide));
        Check(await _gateway.PostAsync(GatewayApp.Guide, headers: ("Accept", "image/png")));
        Check(await _gateway.PostAsync(GatewayApp.Guide, headers: ("Authorization", "Bearer wrong")));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/problems")]
    [InlineData("/problems/quota-exceeded")]
    [InlineData("/swagger/index.html")]
    public async Task No_page_has_an_inline_script(string path)
    {
        var answer = await _gateway.GetAsync(path, ("Accept", "text/html"));
        var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        html.ShouldContain("<html");
        InlineScript().Match(html).Value.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("x", true)]
    [InlineData("A-Za-z0-9._-", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a,b", false)]
    [InlineData("a\tb", false)]
    [InlineData("<script>", false)]
    [InlineData("{@x}", false)]
    public async Task A_request_id_is_returned_only_if_it_is_well_formed(string id, bool kept)
    {
        var answer = await _gateway.GetAsync("/v2/models", ("X-Request-Id", id));
        var given = answer.Headers.GetValues("X-Request-Id").ShouldHaveSingleItem();
        (given == id).ShouldBe(kept);
        HarmlessId().IsMatch(given).ShouldBeTrue(given);
    }

    [Fact]
    public async Task A_page_of_another_origin_may_not_read_answers_unless_the_origin_is_configured()
    {
        await using var configured = await GatewayApp.StartAsync(settings: ("Cors:Origins", "https://studio.example"));
        (string, string)[] preflight =
        [
            ("Origin", "https://studio.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        ];
        foreach (
            var (gateway, origin, allowed) in new[]
            {
                (_gateway, "https://studio.example", false),
                (configured, "https://evil.example", false),
                (configured, "https://studio.example", true),
            }
        )
        {
            preflight[0] = ("Origin", origin);
            var answer = await gateway.SendAsync(HttpMethod.Options, "/v2/generations", null, preflight);
            answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBe(allowed, origin);
            answer.Headers.Contains("Access-Control-Allow-Credentials").ShouldBeFalse();
        }
    }

    private static void Check(HttpResponseMessage answer)
    {
        var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        policy.ShouldContain("default-src 'self'");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldContain("object-src 'none'");
        policy.ShouldContain("base-uri 'none'");
        policy.ShouldNotContain("script-src");
        policy.ShouldNotContain("unsafe-eval");
        policy.Replace("style-src 'self' 'unsafe-inline'", "", StringComparison.Ordinal).ShouldNotContain("unsafe-inline");
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        answer.Headers.GetValues("X-Request-Id").ShouldHaveSingleItem();
        foreach (var telltale in new[] { "Server", "X-Powered-By", "Via", "Set-Cookie", "Access-Control-Allow-Origin" })
            answer.Headers.Contains(telltale).ShouldBeFalse(telltale);
        answer.Content.Headers.ContentType.ShouldNotBeNull();
    }

    [GeneratedRegex(
        @"<script(?![^>]*\bsrc=)[^>]*>|\son\w+\s*=|javascript:",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex InlineScript();

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,128}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HarmlessId();
}
