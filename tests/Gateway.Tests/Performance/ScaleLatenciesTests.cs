using System.Diagnostics;
using Gateway.Benchmarks;

namespace Gateway.Tests.Performance;

/// <summary>
/// The figures of tests/scale.sh: a pause of a gateway is seen whole, a pause of the machine in both columns.
/// </summary>
public sealed class ScaleLatenciesTests
{
    [Fact]
    public void A_pause_delays_every_request_that_was_planned_in_it()
    {
        var latencies = Latencies(pauses: [(1000, 1200)]);

        latencies.Longest.ShouldBe(200, 0.01);
        latencies.LongestGap.ShouldBe(249, 0.01);
        latencies.Quantile(0.5).ShouldBe(1, 0.01);
        latencies.Quantile(1).ShouldBe(200, 0.01);
    }

    [Fact]
    public void A_pause_of_both_gateways_does_not_count_as_slower_than_the_other()
    {
        var (one, other) = (Latencies(pauses: [(1000, 1200), (2000, 2100)]), Latencies(pauses: [(1000, 1200)]));

        one.LongestBeyond(other).ShouldBe(99, 0.01);
        other.LongestBeyond(one).ShouldBeLessThan(1);
    }

    [Fact]
    public void The_slowest_answers_are_of_different_pauses()
    {
        var latencies = Latencies(pauses: [(1000, 1200), (2000, 2100)]);

        latencies.Slowest(2).Select(answer => Math.Round(answer.Milliseconds)).ShouldBe([200, 100]);
    }

    [Fact]
    public void A_refusal_is_counted_and_ends_no_gap()
    {
        var latencies = Latencies(pauses: [], refused: [500, 550]);

        (latencies.Count, latencies.Refused, latencies.Unavailable).ShouldBe((60, 2, 2));
        latencies.LongestGap.ShouldBe(150, 0.01);
    }

    [Fact]
    public void What_the_load_generator_was_late_is_left_out_of_one_figure_only()
    {
        var late = new ScaleLatencies([new ScaleAnswer(0, Ticks(30), Ticks(40), 200)]);

        (late.Longest, late.LongestSinceSent).ShouldBe((40, 10));
    }

    /// <summary>
    /// 20 requests a second for three seconds, each answered after a millisecond, or when the pause ends.
    /// </summary>
    private static ScaleLatencies Latencies((int From, int To)[] pauses, int[]? refused = null) =>
        new([
            .. Enumerable
                .Range(0, 60)
                .Select(n => n * 50)
                .Select(planned =>
                {
                    var answered = pauses.Where(pause => pause.From <= planned && planned < pause.To).Select(pause => pause.To);
                    return new ScaleAnswer(
                        Ticks(planned),
                        Ticks(planned),
                        Ticks(answered.Append(planned + 1).Max()),
                        refused?.Contains(planned) is true ? 503 : 200
                    );
                }),
        ]);

    private static long Ticks(int milliseconds) => milliseconds * Stopwatch.Frequency / 1000;
}
