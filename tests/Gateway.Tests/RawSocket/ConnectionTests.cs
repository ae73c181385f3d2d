using System.Globalization;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Hostile;

namespace Gateway.Tests.RawSocket;

/// <summary>Connections that end early, and bytes after a request (T-E7, T-E8, T-E10, T-E11, T-E12).</summary>
public sealed class ConnectionTests(HostileGatewayFixture fixture) : IClassFixture<HostileGatewayFixture>
{
    private const string Head = "POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    private readonly HostileGateway _process = fixture.Process;

    [Theory]
    [InlineData("POST /v2/gen", false)]
    [InlineData("POST /v2/gen", true)]
    [InlineData(Head, false)]
    [InlineData(Head, true)]
    [InlineData(Head + "Content-Length: 70\r\n\r\n{\"model\":\"flux", false)]
    [InlineData(Head + "Content-Length: 70\r\n\r\n{\"model\":\"flux", true)]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n46\r\n{\"model\":\"flux", false)]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n46\r\n{\"model\":\"flux", true)]
    public async Task An_incomplete_request_has_no_effect(string half, bool reset)
    {
        var before = _process.Sent.Count;
        using var connection = await RawConnection.OpenAsync(_process.Gateway.Address);
        await connection.SendAsync(half);
        if (reset)
            connection.Reset();
        else
        {
            connection.Finish();
            SmugglingTests.Statuses(await connection.ReadToEndAsync()).ShouldAllBe(status => status == 400);
        }
        await _process.IsAliveAsync();
        _process.Sent.Count.ShouldBe(before + 1);
    }

    [Fact]
    public async Task A_caller_that_disconnects_after_its_request_is_charged_once_and_holds_nothing()
    {
        const int Gone = 20;
        var before = _process.Sent.Count;
        for (var i = 0; i < Gone; i++)
        {
            using var connection = await RawConnection.OpenAsync(_process.Gateway.Address);
            await connection.SendAsync(Whole("close"));
            connection.Reset();
        }
        await Eventually.HoldsAsync(async () => await HeldAsync() == 0);
        _process.Sent.Count.ShouldBeLessThanOrEqualTo(before + Gone);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order_and_independently()
    {
        var before = _process.Sent.Count;
        var answer = await RawConnection.ExchangeAsync(
            _process.Gateway.Address,
            Whole("keep-alive")
                + "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + "GET /v2/generations HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + Whole("keep-alive")
                + Head
                + "Content-Length: 2\r\n\r\n{}"
                + Whole("close")
        );
        SmugglingTests.Statuses(answer).ShouldBe([200, 404, 405, 200, 400, 200]);
        _process.Sent.Count.ShouldBe(before + 3);
    }

    [Fact]
    public async Task Expect_continue_is_answered_before_the_body_and_not_forwarded()
    {
        using var connection = await RawConnection.OpenAsync(_process.Gateway.Address);
        await connection.SendAsync(
            Head + $"Content-Length: {GatewayApp.Guide.Length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        );
        (await connection.ReadUntilAsync("\r\n\r\n")).ShouldStartWith("HTTP/1.1 100");
        await connection.SendAsync(GatewayApp.Guide);
        SmugglingTests.Statuses(await connection.ReadToEndAsync()).ShouldBe([200]);
        _process.Sent[^1].Header("expect").ShouldBeNull();
    }

    [Theory]
    [InlineData("Content-Type: text/plain\r\nContent-Length: 131072\r\n", 415)]
    [InlineData("Content-Type: application/json\r\nContent-Length: 200000\r\n", 413)]
    [InlineData("Content-Type: application/json\r\nIdempotency-Key: a b\r\nContent-Length: 70\r\n", 400)]
    public async Task Bytes_after_an_early_refusal_are_never_a_new_request(string head, int status)
    {
        var before = _process.Sent.Count;
        using var connection = await RawConnection.OpenAsync(_process.Gateway.Address);
        await connection.SendAsync($"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\n{head}Expect: 100-continue\r\n\r\n");
        var early = await connection.ReadUntilAsync("\r\n\r\n");
        await connection.SendAsync(Whole("keep-alive"));
        var statuses = SmugglingTests.Statuses(early + await connection.ReadWhatComesAsync());
        statuses[0].ShouldBe(status);
        // The bytes that follow belong to the refused body and must not be taken for a request.
        statuses.Skip(1).ShouldAllBe(later => later == 400);
        _process.Sent.Count.ShouldBe(before);
    }

    [Fact]
    public async Task An_unknown_expectation_is_ignored() =>
        SmugglingTests
            .Statuses(
                await RawConnection.ExchangeAsync(
                    _process.Gateway.Address,
                    Whole("close").Replace("\r\nHost", "\r\nExpect: 200-ok\r\nHost", StringComparison.Ordinal)
                )
            )
            .ShouldAllBe(status => status == 200 || status == 417);

    [Fact]
    public async Task A_body_of_2_MiB_is_refused_with_or_without_chunks()
    {
        var body = new string('a', 2 * 1024 * 1024);
        foreach (
            var request in new[]
            {
                Head + $"Content-Length: {body.Length}\r\n\r\n{body}",
                Head
                    + string.Create(
                        CultureInfo.InvariantCulture,
                        $"Transfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n"
                    ),
            }
        )
        {
            var before = _process.Sent.Count;
            // The rest of the body is not read, so a reset may overtake the answer.
            SmugglingTests
                .Statuses(await RawConnection.ExchangeAsync(_process.Gateway.Address, request))
                .ShouldAllBe(status => status == 413);
            _process.Sent.Count.ShouldBe(before);
        }
    }

    private static string Whole(string connection) =>
        Head + $"Content-Length: {GatewayApp.Guide.Length}\r\nConnection: {connection}\r\n\r\n{GatewayApp.Guide}";

    private async Task<long> HeldAsync()
    {
        using var response = await _process.Gateway.Client.GetAsync("/v1/usage", TestContext.Current.CancellationToken);
        var quotas = (await response.JsonAsync())["quotas"]!.AsArray();
        return quotas
            .Where(quota => quota!["name"]!.GetValue<string>().StartsWith("images", StringComparison.Ordinal))
            .Sum(quota => quota!["held"]!.GetValue<long>());
    }
}
