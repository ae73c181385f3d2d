using System.Net;
using System.Net.Sockets;
using Gateway.Edge.Delivery;
using Gateway.Generations;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Generations;

/// <summary>A caller may be gone long before a busy server notices it. The system knows.</summary>
public sealed class PendingAnswersTests
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly FakeTimeProvider _time = new();
    private readonly RepeatKey _key = new("team", new byte[32]);
    private bool _isGone;

    [Fact]
    public void Everything_is_recorded_until_now_while_all_callers_are_there()
    {
        var answers = new PendingAnswers(_time);
        answers.Begin(_key, () => _isGone);
        _time.Advance(TimeSpan.FromSeconds(1));

        answers.RecordedUntil().ShouldBe(_time.GetTimestamp());
    }

    [Fact]
    public void Of_a_caller_who_has_gone_everything_is_recorded_only_until_it_was_last_there()
    {
        var answers = new PendingAnswers(_time);
        var answer = answers.Begin(_key, () => _isGone);
        _time.Advance(TimeSpan.FromSeconds(1));
        var last = answers.RecordedUntil();
        _isGone = true;
        _time.Advance(TimeSpan.FromSeconds(1));
        answers.RecordedUntil().ShouldBe(last);

        answer.Drop();
        _time.Advance(Look);
        answers.RecordedUntil().ShouldBe(_time.GetTimestamp());
    }

    [Fact]
    public void A_caller_who_was_never_seen_counts_from_its_request()
    {
        var answers = new PendingAnswers(_time);
        _time.Advance(TimeSpan.FromSeconds(1));
        var began = _time.GetTimestamp();
        answers.Begin(_key, () => true);
        _time.Advance(TimeSpan.FromSeconds(1));

        answers.RecordedUntil().ShouldBe(began);
    }

    [Fact]
    public async Task An_equal_request_waits_for_more_than_half_a_second_if_the_earlier_caller_has_gone()
    {
        var answers = new PendingAnswers(_time);
        var asked = 0;
        var first = answers.Begin(
            _key,
            () =>
            {
                Interlocked.Increment(ref asked);
                return true;
            }
        );
        _time.Advance(2 * RepeatRules.LongRequest);

        var waiting = answers.WaitForEqualAsync(answers.Begin(_key, null), CancellationToken.None);
        await Eventually.HoldsAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(0.5));
            return Volatile.Read(ref asked) >= 4;
        });
        waiting.IsCompleted.ShouldBeFalse();

        first.Drop();
        await waiting;
    }

    [Fact]
    public async Task An_equal_request_waits_for_half_a_second_if_the_earlier_caller_is_there()
    {
        var answers = new PendingAnswers(_time);
        answers.Begin(_key, () => _isGone);
        _time.Advance(2 * RepeatRules.LongRequest);

        var waiting = answers.WaitForEqualAsync(answers.Begin(_key, null), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(0.5));

        await waiting;
    }

    /// <summary>Nothing reads from the connection: it is the system that has noticed.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_its_peer_has_closed_or_reset_is_seen(bool isReset)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var caller = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await caller.ConnectAsync(listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        ObservedSocket.IsClosedByPeer(accepted).ShouldBeFalse();

        if (isReset)
            caller.LingerState = new LingerOption(enable: true, seconds: 0);
        caller.Close();

        await Eventually.HoldsAsync(() => ObservedSocket.IsClosedByPeer(accepted));
    }

    [Fact]
    public async Task While_a_request_is_handled_its_connection_shows_whether_the_caller_is_there()
    {
        var handled = new TaskCompletionSource<Func<bool>>();
        using var end = new CancellationTokenSource();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet(
            "/",
            async (HttpContext context) =>
            {
                handled.SetResult(AnswerDelivery.WatchCaller(context)!);
                await Task.Delay(Timeout.InfiniteTimeSpan, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        using (var caller = await RawConnection.OpenAsync(new Uri(app.Urls.Single())))
        {
            await caller.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            (await handled.Task)().ShouldBeFalse();
        }

        await Eventually.HoldsAsync(async () => (await handled.Task)());
        await end.CancelAsync();
    }
}
