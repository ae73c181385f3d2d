using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Hostile;

namespace Gateway.Tests.RawSocket;

/// <summary>
/// Odd targets, methods and headers reach no other path of the upstream, and nothing is echoed (T-C7, T-C13, T-E4,
/// T-E5, T-E6, T-E13, T-E14, P-7).
/// </summary>
public sealed class TargetTests(HostileGatewayFixture fixture) : IClassFixture<HostileGatewayFixture>
{
    private static readonly string Rest =
        $"Content-Type: application/json\r\nContent-Length: {GatewayApp.Guide.Length}\r\nConnection: close\r\n\r\n{GatewayApp.Guide}";

    private readonly HostileGateway _process = fixture.Process;

    [Theory]
    [InlineData("/v2/generations/%2e%2e/me")]
    [InlineData("/v2/generations/../../v1/me")]
    [InlineData("/api/rest/%2e%2e/%2e%2e/v1/me")]
    [InlineData("/api/rest/v1/me")]
    [InlineData("//v2/generations")]
    [InlineData("/v2//generations")]
    [InlineData("/v2/generations;x=1")]
    [InlineData("/v2/generations%2f")]
    [InlineData("/v2%2fgenerations")]
    [InlineData("/v2\\generations")]
    [InlineData("/v2/generations\\..\\me")]
    [InlineData("/v2/generations%00")]
    [InlineData("/v2/generations%00/me")]
    [InlineData("/v2/generations\0")]
    [InlineData("/v2/generationssync")]
    [InlineData("/v2/generations/quote/..%2f..")]
    [InlineData("/v2/generations%c0%af")]
    [InlineData("/v2/generations%")]
    [InlineData("/v2/generations%0d%0aX-Injected:%201")]
    [InlineData("/v2/generations\tHTTP/1.1")]
    [InlineData("v2/generations")]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("http://evil.example/v2/generations")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("https://cloud.leonardo.ai/api/rest/v2/generations")]
    [InlineData("http://localhost@evil.example/v2/generations")]
    [InlineData("evil.example:443")]
    public async Task An_odd_target_is_refused_and_reaches_nothing(string target) =>
        await RefusedAsync($"POST {target} HTTP/1.1\r\nHost: localhost\r\n{Rest}");

    [Theory]
    [InlineData("post")]
    [InlineData("Post")]
    [InlineData("pOST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("TRACE")]
    [InlineData("TRACK")]
    [InlineData("DEBUG")]
    [InlineData("PROPFIND")]
    [InlineData("OPTIONS")]
    [InlineData("POST ")]
    [InlineData("P\0ST")]
    [InlineData("POST\r\n")]
    [InlineData("\"POST\"")]
    [InlineData("(none)")]
    public async Task An_unknown_method_is_refused_and_not_echoed(string method)
    {
        var answer = await RefusedAsync($"{method} /v2/generations HTTP/1.1\r\nHost: localhost\r\nX-Canary: kestrel-4712\r\n{Rest}");
        answer.ShouldNotContain("kestrel-4712");
    }

    [Fact]
    public async Task CONNECT_opens_no_tunnel()
    {
        var before = _process.Sent.Count;
        var answer = await RawConnection.ExchangeAsync(
            _process.Gateway.Address,
            "CONNECT cloud.leonardo.ai:443 HTTP/1.1\r\nHost: cloud.leonardo.ai:443\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        );
        // A request after CONNECT is handled as one to the gateway itself.
        SmugglingTests.Statuses(answer).ShouldAllBe(status => status >= 400 && status < 500, answer);
        _process.Sent.Count.ShouldBe(before);
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override: POST")]
    [InlineData("X-HTTP-Method: POST")]
    [InlineData("X-Method-Override: POST")]
    [InlineData("X-Original-URL: /v2/generations")]
    [InlineData("X-Rewrite-URL: /v2/generations")]
    [InlineData("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings")]
    [InlineData("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: Upgrade")]
    public async Task A_header_that_tries_to_change_the_request_has_no_effect(string header)
    {
        var before = _process.Sent.Count;
        var answer = await RawConnection.ExchangeAsync(
            _process.Gateway.Address,
            $"GET /v2/generations HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Length: 0\r\n\r\n"
        );
        SmugglingTests.Statuses(answer).ShouldHaveSingleItem().ShouldBe(405, answer);
        _process.Sent.Count.ShouldBe(before);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Host: \r\n")]
    [InlineData("Host: a\r\nHost: b\r\n")]
    [InlineData("Host: a, b\r\n")]
    [InlineData("Host: a b\r\n")]
    [InlineData("Host: a/b\r\n")]
    [InlineData("Host: user@a\r\n")]
    [InlineData("Host: evil.example\r\n")]
    [InlineData("Host: localhost\r\n X-Folded: 1\r\n")]
    [InlineData("Host: localhost\r\nX-Null: a\0b\r\n")]
    [InlineData("Host: localhost\r\nX-Bare: a\rb\r\n")]
    [InlineData("Host: localhost\r\n: empty\r\n")]
    [InlineData("Host: localhost\r\nX Space: 1\r\n")]
    [InlineData("Host: localhost\r\nX-Space : 1\r\n")]
    [InlineData("Host: localhost\r\nNoColon\r\n")]
    [InlineData("Host: localhost\r\nContent-Type: application/json\r\n")]
    [InlineData("Host: localhost\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n")]
    [InlineData("Host: localhost\r\nIdempotency-Key: a\u0085b\r\n")]
    public async Task A_malformed_head_is_refused(string head) => await RefusedAsync($"POST /v2/generations HTTP/1.1\r\n{head}{Rest}");

    [Theory]
    [InlineData("HTTP/1.2")]
    [InlineData("HTTP/2.0")]
    [InlineData("HTTP/0.9")]
    [InlineData("HTTP/1.1 ")]
    [InlineData("http/1.1")]
    [InlineData("")]
    public async Task An_unsupported_HTTP_version_is_refused(string version) =>
        await RefusedAsync($"POST /v2/generations {version}\r\nHost: localhost\r\n{Rest}");

    [Theory]
    [InlineData(64, 10, false)]
    [InlineData(10_000, 10, false)]
    [InlineData(1, 17_000, false)]
    [InlineData(1, 1024 * 1024, false)]
    [InlineData(50, 10, true)]
    [InlineData(1, 8_000, true)]
    public async Task The_number_and_size_of_headers_are_limited(int count, int length, bool taken)
    {
        var headers = string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('a', length)}\r\n"));
        var request = $"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\n{headers}{Rest}";
        if (taken)
            SmugglingTests.Statuses(await RawConnection.ExchangeAsync(_process.Gateway.Address, request)).ShouldBe([200]);
        else
            await RefusedAsync(request);
    }

    [Fact]
    public async Task A_long_request_line_is_refused() =>
        await RefusedAsync($"POST /v2/generations?{new string('a', 100_000)} HTTP/1.1\r\nHost: localhost\r\n{Rest}");

    [Fact]
    public async Task A_query_is_ignored_and_never_sent_upstream()
    {
        var answer = await RawConnection.ExchangeAsync(
            _process.Gateway.Address,
            $"POST /v2/generations?quantity=8&tenant=other&x=%0d%0a HTTP/1.1\r\nHost: localhost\r\n{Rest}"
        );
        SmugglingTests.Statuses(answer).ShouldBe([200]);
        _process.Sent[^1].QueryString.ShouldBeEmpty();
        _process.Sent[^1].Text.ShouldContain("\"quantity\":1,");
    }

    /// <summary>At most one answer, 4xx or 501, or closed without an answer; and nothing was sent upstream.</summary>
    private async Task<string> RefusedAsync(string request)
    {
        var before = _process.Sent.Count;
        var answer = await RawConnection.ExchangeAsync(_process.Gateway.Address, request);
        var statuses = SmugglingTests.Statuses(answer);
        statuses.Length.ShouldBeLessThanOrEqualTo(1, answer);
        statuses.ShouldAllBe(status => status >= 400 && status < 500 || status == 501 || status == 505, answer);
        answer.ShouldNotContain("X-Injected: 1");
        _process.Sent.Count.ShouldBe(before, answer);
        return answer;
    }
}
