using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Hostile;

namespace Gateway.Tests.RawSocket;

/// <summary>
/// Senders that never finish are limited in time, and delay no one else (T-E9). The tests use low limits to be fast.
/// </summary>
public sealed class SlownessTests : IClassFixture<SlownessTests.LowLimitsFixture>
{
    private const string Head = "POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    private readonly HostileGateway _process;

    public SlownessTests(LowLimitsFixture fixture) => _process = fixture.Process;

    [Theory]
    [InlineData("POST /v2/gener")]
    [InlineData("POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")]
    [InlineData("POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nX-Slow: 1\r\n")]
    public async Task A_head_that_does_not_end_times_out(string start) => await TimesOutAsync(start, "a", 408);

    [Theory]
    [InlineData(Head + "Content-Length: 100\r\n\r\n{", "\"")]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "1\r\n \r\n")]
    public async Task A_body_below_the_minimum_rate_times_out(string start, string more) => await TimesOutAsync(start, more, 408);

    [Fact]
    public async Task A_body_above_the_minimum_rate_that_takes_too_long_times_out()
    {
        // 2 KiB a second is above the minimum rate, so only the limit for the whole body ends it.
        var answer = await TimesOutAsync(Head + "Content-Length: 100000\r\n\r\n{", new string(' ', 400), 408);
        answer.ShouldContain("/problems/malformed-request");
    }

    [Fact]
    public async Task Two_hundred_half_open_requests_delay_no_other_request()
    {
        await _process.IsAliveAsync();
        var before = _process.Sent.Count;
        var idle = new List<RawConnection>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                idle.Add(await RawConnection.OpenAsync(_process.Gateway.Address));
                await idle[^1].SendAsync(i % 2 == 0 ? "POST /v2/gen" : Head + "Content-Length: 100\r\n\r\n{");
            }
            var start = TimeProvider.System.GetTimestamp();
            await _process.IsAliveAsync();
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        }
        finally
        {
            idle.ForEach(connection => connection.Dispose());
        }
        _process.Sent.Count.ShouldBe(before + 1);
    }

    /// <summary>Sends a little repeatedly until the gateway closes the connection, which it must do soon.</summary>
    private async Task<string> TimesOutAsync(string start, string more, int status)
    {
        var before = _process.Sent.Count;
        using var connection = await RawConnection.OpenAsync(_process.Gateway.Address);
        await connection.SendAsync(start);
        var answer = connection.ReadToEndAsync();
        while (!answer.IsCompleted && await connection.SendAsync(more))
            await Task.WhenAny(answer, Task.Delay(200, TestContext.Current.CancellationToken));
        // A reset may overtake the answer; the connection must be closed in any case.
        SmugglingTests.Statuses(await answer).ShouldAllBe(given => given == status);
        _process.Sent.Count.ShouldBe(before);
        return await answer;
    }

    public sealed class LowLimitsFixture : IAsyncLifetime
    {
        internal HostileGateway Process { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Process = await HostileGateway.StartAsync(
                ("Limits__HeadersTimeout", "00:00:02"),
                ("Limits__BodyTimeout", "00:00:04"),
                ("Limits__GracePeriod", "00:00:02")
            );

        public async ValueTask DisposeAsync()
        {
            await Process.IsAliveAsync();
            await Process.DisposeAsync();
        }
    }
}
