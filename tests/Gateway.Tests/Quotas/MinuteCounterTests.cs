using CsCheck;
using Gateway.Quotas;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Quotas;

/// <summary>The limit holds in any 60 seconds, and what is said about its reset is true.</summary>
public sealed class MinuteCounterTests
{
    private static readonly TimeSpan AMinute = TimeSpan.FromMinutes(1);

    [Fact]
    public void No_sixty_seconds_hold_more_than_the_limit_and_there_is_room_at_the_reset() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 20_000].Array[1, 60])
            .Sample(
                (limit, pauses) =>
                {
                    var time = new FakeTimeProvider();
                    var counter = new MinuteCounter(time);
                    var counted = new List<DateTimeOffset>();
                    foreach (var pause in pauses)
                    {
                        time.Advance(TimeSpan.FromMilliseconds(pause));
                        if (!counter.TryAdd(limit))
                        {
                            var (count, untilReset) = counter.Read(limit);
                            count.ShouldBe(limit);
                            untilReset!.Value.ShouldBeInRange(TimeSpan.FromTicks(1), AMinute + TimeSpan.FromSeconds(1));
                            time.Advance(untilReset.Value);
                            counter.TryAdd(limit).ShouldBeTrue("there is room at the reset");
                        }
                        counted.Add(time.GetUtcNow());
                        counted.Count(at => at > time.GetUtcNow() - AMinute).ShouldBeLessThanOrEqualTo(limit);
                    }
                }
            );

    [Fact]
    public void What_is_counted_is_forgotten_after_a_minute_however_long_nothing_happens()
    {
        var time = new FakeTimeProvider();
        var counter = new MinuteCounter(time);
        counter.TryAdd(1).ShouldBeTrue();

        time.Advance(TimeSpan.FromDays(3));

        counter.Read(1).ShouldBe((0, null));
    }

    [Fact]
    public void A_limit_lowered_below_what_the_minute_holds_resets_when_there_is_room()
    {
        var time = new FakeTimeProvider();
        var counter = new MinuteCounter(time);
        for (var n = 0; n < 3; n++)
        {
            counter.TryAdd(3).ShouldBeTrue();
            time.Advance(TimeSpan.FromSeconds(10));
        }

        var (count, untilReset) = counter.Read(1);

        count.ShouldBe(3);
        untilReset.ShouldBe(TimeSpan.FromSeconds(51));
        counter.Read(0).UntilReset.ShouldBe(TimeSpan.FromSeconds(51));
    }
}
