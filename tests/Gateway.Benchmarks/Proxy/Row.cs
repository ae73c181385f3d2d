namespace Gateway.Benchmarks.Proxy;

/// <summary>One line of a table: what is sent to which target.</summary>
/// <param name="request">All of it, head and body.</param>
/// <param name="status">What every answer must be.</param>
/// <param name="isGeneration">Whether each answer creates a generation, whose end belongs to the measurement.</param>
internal sealed class Row(Target target, string what, byte[] request, int status, int tenants, bool isGeneration)
{
    private const int MostSlices = 30;
    private static readonly TimeSpan WarmUpSlice = TimeSpan.FromSeconds(3);

    public Target Target => target;

    public string What => what;

    public static Row Creation(Target target, int tenants) =>
        new(target, tenants == 1 ? "generation, 1 tenant" : $"generation, {tenants} tenants", Requests.Guide, 200, tenants, true);

    public static Row Plain(Target target, string what, byte[] request, int status = 200) => new(target, what, request, status, 1, false);

    /// <summary>How many generations it has created.</summary>
    public int Accepted { get; private set; }

    /// <summary>
    /// Until the process compiles next to nothing any more: .NET compiles hot code several times, and a gateway for
    /// half a minute. At a moderate rate, so that the ends of generations keep up.
    /// </summary>
    public void WarmUp(Generations generations)
    {
        for (var slice = 0; slice < MostSlices; slice++)
        {
            var before = Target.Compiled;
            Measure(Load.All[1], WarmUpSlice, generations);
            if (slice > 0 && Target.Compiled - before < WarmUpSlice / 100)
                return;
        }
    }

    /// <summary>CPU and allocations count from the first request until the last generation has ended.</summary>
    public Sample Measure(Load load, TimeSpan length, Generations generations)
    {
        var (cpu, servers, allocated) = (Target.Cpu, Target.ServersCpu, Target.AllocatedBytes);
        var (start, counts) = (TimeProvider.System.GetTimestamp(), generations.Counts);
        var (took, latencies) = load.Run(Target.Port, request, status, tenants, length);
        var (cpuAfter, serversAfter, allocatedAfter, rss, tail) = (cpu, servers, allocated, 0d, TimeSpan.Zero);
        if (isGeneration)
        {
            generations.WaitForEnds(Target, counts, latencies.Length, Read);
            Accepted += latencies.Length;
        }
        else
            Read();
        double Each(double all) => all / latencies.Length;
        return new Sample(
            latencies.Length / took.TotalSeconds,
            Each((cpuAfter - cpu + serversAfter - servers).TotalMicroseconds),
            Each((serversAfter - servers).TotalMicroseconds),
            latencies[latencies.Length / 2].TotalMilliseconds,
            latencies[(int)(latencies.Length * 0.99)].TotalMilliseconds,
            Each((allocatedAfter - allocated) / 1024.0),
            rss,
            isGeneration ? tail.TotalSeconds : 0
        );

        void Read()
        {
            (cpuAfter, serversAfter, allocatedAfter, rss) = (Target.Cpu, Target.ServersCpu, Target.AllocatedBytes, Target.RssMegabytes);
            tail = TimeProvider.System.GetElapsedTime(start) - took;
        }
    }
}
