using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks.Proxy;

/// <summary>Requests over kept connections: as fast as they are answered, or at a fixed rate.</summary>
/// <param name="PerSecond">
/// Over all connections; null: the next request when the last is answered. At a fixed rate the latency counts from the
/// planned time of sending, so that a target that cannot keep up does not slow the clock down.
/// </param>
internal sealed record Load(string Name, int? PerSecond)
{
    /// <summary>Requests under way at once. Each belongs to a thread that blocks, which costs least.</summary>
    private const int Callers = 32;

    public static readonly Load[] All = [new("32 connections", null), new("500/s", 500), new("2,000/s", 2000)];

    /// <param name="request">All of it, head and body. Each one sent has a prompt of its own.</param>
    /// <param name="status">What every answer must be.</param>
    /// <param name="tenants">Each request comes from the address of the next of them.</param>
    /// <returns>How long it took, and the latency of each request in ascending order.</returns>
    public (TimeSpan Took, TimeSpan[] Latencies) Run(int port, byte[] request, int status, int tenants, TimeSpan length)
    {
        var expected = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}");
        var results = new List<TimeSpan>[Callers];
        Exception? failure = null;
        using var ready = new Barrier(Callers + 1);
        var threads = Enumerable
            .Range(0, Callers)
            .Select(caller => new Thread(() =>
            {
                var joined = false;
                try
                {
                    var sockets = Connect(port, caller, tenants);
                    joined = ready.SignalAndWait(Timeout.InfiniteTimeSpan);
                    results[caller] = Call(sockets, [.. request], expected, caller, length);
                }
                catch (Exception exception)
                {
                    failure = exception;
                    if (!joined)
                        ready.RemoveParticipant();
                }
            }))
            .ToList();
        threads.ForEach(thread => thread.Start());
        ready.SignalAndWait();
        var start = Stopwatch.GetTimestamp();
        threads.ForEach(thread => thread.Join());
        var took = Stopwatch.GetElapsedTime(start);
        if (failure is not null)
            throw new InvalidOperationException("A caller failed.", failure);
        return (took, [.. results.SelectMany(one => one).Order()]);
    }

    /// <summary>One connection for each tenant that this caller speaks for.</summary>
    private static Socket[] Connect(int port, int caller, int tenants) =>
        [
            .. Enumerable
                .Range(0, (tenants + Callers - 1) / Callers)
                .Select(n => HttpMessage.Connect(port, Requests.AddressOf((caller + (n * Callers)) % tenants))),
        ];

    private List<TimeSpan> Call(Socket[] sockets, byte[] request, byte[] expected, int caller, TimeSpan length)
    {
        Native.SleepPrecisely();
        var buffer = new byte[64 * 1024];
        var latencies = new List<TimeSpan>(1024);
        var start = Stopwatch.GetTimestamp();
        for (var n = 0; Stopwatch.GetElapsedTime(start) < length; n++)
        {
            var planned = Stopwatch.GetElapsedTime(start);
            if (PerSecond is { } rate)
            {
                var now = planned;
                planned = TimeSpan.FromSeconds(((n * (double)Callers) + caller) / rate);
                if (planned >= length)
                    break;
                if (planned > now)
                    Native.Sleep(planned - now);
            }
            Requests.MakeDistinct(request);
            var filled = HttpMessage.Exchange(sockets[n % sockets.Length], request, buffer);
            latencies.Add(Stopwatch.GetElapsedTime(start) - planned);
            if (!buffer.AsSpan(0, filled).StartsWith(expected))
                throw new InvalidOperationException("Unexpected answer: " + Encoding.UTF8.GetString(buffer, 0, filled));
        }
        foreach (var socket in sockets)
            socket.Dispose();
        return latencies;
    }
}
