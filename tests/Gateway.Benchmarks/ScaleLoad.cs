using System.Diagnostics;

namespace Gateway.Benchmarks;

/// <summary>
/// Sends requests at planned moments, whether or not earlier ones are answered (an open loop), to two gateways in turn.
/// </summary>
internal sealed class ScaleLoad(ScaleGateway[] gateways)
{
    /// <summary>A thread's sleep may be this much too long.</summary>
    private static readonly TimeSpan Spin = TimeSpan.FromMilliseconds(1);

    private int _number;

    /// <param name="perSecond">For each gateway; they are half a step apart.</param>
    /// <returns>The answers of each gateway.</returns>
    public async Task<ScaleLatencies[]> RunAsync(int perSecond, TimeSpan length)
    {
        var sent = gateways.Select(_ => new List<Task<ScaleAnswer>>()).ToArray();
        var count = (int)(perSecond * length.TotalSeconds) * gateways.Length;
        var step = Stopwatch.Frequency / (double)(perSecond * gateways.Length);
        var start = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 10;
        // A thread of its own: the pool's may be late when many answers arrive at once.
        var sender = new Thread(() =>
        {
            for (var n = 0; n < count; n++)
            {
                var planned = start + (long)(n * step);
                WaitUntil(planned);
                var (to, number) = (n % gateways.Length, Interlocked.Increment(ref _number));
                sent[to].Add(Task.Run(() => MeasureAsync(planned, () => gateways[to].PostAsync(number))));
            }
        });
        sender.Start();
        await Task.Run(sender.Join);
        return await Task.WhenAll(sent.Select(async answers => new ScaleLatencies(await Task.WhenAll(answers))));
    }

    /// <summary>One request after the other, to the gateways in turn.</summary>
    public async Task<ScaleLatencies[]> ReadAsync(Func<ScaleGateway, Task<int>> read, int count)
    {
        var answers = gateways.Select(_ => new List<ScaleAnswer>()).ToArray();
        for (var n = 0; n < count * gateways.Length; n++)
        {
            var to = n % gateways.Length;
            answers[to].Add(await MeasureAsync(Stopwatch.GetTimestamp(), () => read(gateways[to])));
        }
        return [.. answers.Select(one => new ScaleLatencies(one))];
    }

    private static async Task<ScaleAnswer> MeasureAsync(long planned, Func<Task<int>> send)
    {
        var sent = Stopwatch.GetTimestamp();
        var status = await send();
        return new ScaleAnswer(planned, sent, Stopwatch.GetTimestamp(), status);
    }

    public static void WaitUntil(long moment)
    {
        var rest = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), moment) - Spin;
        if (rest > TimeSpan.Zero)
            Thread.Sleep(rest);
        while (Stopwatch.GetTimestamp() < moment)
            Thread.SpinWait(20);
    }
}
