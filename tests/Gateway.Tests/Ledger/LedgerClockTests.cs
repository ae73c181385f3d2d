using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Ledger;

/// <summary>A pause of the process is no jump of the store's clock (T-G7).</summary>
public sealed class LedgerClockTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_pause_after_the_clock_was_read_is_no_jump_for_the_batches_that_follow()
    {
        var clock = new LedgerClock(_time);
        var (wall, before) = (_time.GetUtcNow(), _time.GetTimestamp());
        clock.Judge(wall, before).ShouldBeNull();

        // The next batch has read the clock when the machine is paused for a day.
        var started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromDays(1));
        clock.Judge(wall, started).ShouldBeNull();

        clock.Judge(_time.GetUtcNow(), _time.GetTimestamp()).ShouldBeNull();
    }

    [Fact]
    public void A_pause_before_the_clock_was_read_is_no_jump_either()
    {
        var clock = new LedgerClock(_time);
        clock.Judge(_time.GetUtcNow(), _time.GetTimestamp()).ShouldBeNull();

        var started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromDays(1));
        clock.Judge(_time.GetUtcNow(), started).ShouldBeNull();

        clock.Judge(_time.GetUtcNow(), _time.GetTimestamp()).ShouldBeNull();
    }

    [Fact]
    public void A_jump_of_more_than_an_hour_is_refused_in_every_batch_until_the_clock_is_right_again()
    {
        var clock = new LedgerClock(_time);
        clock.Judge(_time.GetUtcNow(), _time.GetTimestamp()).ShouldBeNull();

        foreach (var _ in Enumerable.Range(0, 3))
        {
            _time.Advance(TimeSpan.FromMinutes(10));
            var jumped = _time.GetUtcNow() + LedgerClock.Tolerance + TimeSpan.FromSeconds(1);
            clock.Judge(jumped, _time.GetTimestamp()).ShouldNotBeNull();
        }

        clock.Judge(_time.GetUtcNow(), _time.GetTimestamp()).ShouldBeNull();
    }
}
