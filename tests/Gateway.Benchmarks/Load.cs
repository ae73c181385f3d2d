using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks;

/// <summary>Requests over kept connections by raw sockets, as fast as they are answered, or at a fixed rate.</summary>
internal static class Load
{
    /// <param name="request">All of it, head and body.</param>
    /// <param name="status">What every answer must be.</param>
    /// <param name="perSecond">Over all connections; null: the next one when the last is answered.</param>
    public static async Task<Sample> RunAsync(Target target, byte[] request, int status, int connections, int? perSecond, TimeSpan length)
    {
        var expected = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}");
        var (cpu, servers, allocated, start) = (target.Cpu, target.ServersCpu, target.AllocatedBytes, Stopwatch.GetTimestamp());
        var latencies = await Task.WhenAll(
            Enumerable
                .Range(0, connections)
                .Select(connection =>
                    Task.Run(() => ConnectionAsync(target.Port, request, expected, connection, connections, perSecond, length))
                )
        );
        var took = Stopwatch.GetElapsedTime(start);
        var (cpuAfter, serversAfter) = (target.Cpu, target.ServersCpu);
        var all = latencies.SelectMany(one => one).Order().ToArray();
        // The figure is up to a quarter of a second old.
        await Task.Delay(300);
        return new Sample(
            all.Length / took.TotalSeconds,
            (cpuAfter - cpu).TotalMicroseconds / all.Length,
            (serversAfter - servers).TotalMicroseconds / all.Length,
            Stopwatch.GetElapsedTime(0, all[all.Length / 2]).TotalMicroseconds,
            Stopwatch.GetElapsedTime(0, all[(int)(all.Length * 0.99)]).TotalMicroseconds,
            (target.AllocatedBytes - allocated) / (double)all.Length
        );
    }

    private static async Task<List<long>> ConnectionAsync(
        int port,
        byte[] request,
        byte[] expected,
        int connection,
        int connections,
        int? perSecond,
        TimeSpan length
    )
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var buffer = new byte[16 * 1024];
        var latencies = new List<long>();
        var start = Stopwatch.GetTimestamp();
        for (var n = 0; Stopwatch.GetElapsedTime(start) < length; n++)
        {
            if (perSecond is { } rate)
            {
                var due = TimeSpan.FromSeconds((n * connections + connection) / (double)rate) - Stopwatch.GetElapsedTime(start);
                if (due > TimeSpan.Zero)
                    await Task.Delay(due);
            }
            var sent = Stopwatch.GetTimestamp();
            await socket.SendAsync(request);
            var filled = 0;
            do
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
                if (read == 0)
                    throw new InvalidOperationException("The target closed the connection.");
                filled += read;
            } while (Upstream.LengthOf(buffer.AsSpan(0, filled)) == 0);
            latencies.Add(Stopwatch.GetTimestamp() - sent);
            if (!buffer.AsSpan(0, filled).StartsWith(expected))
                throw new InvalidOperationException("Unexpected response: " + Encoding.UTF8.GetString(buffer, 0, filled));
        }
        return latencies;
    }
}

/// <summary>
/// One measurement. CPU and latency in microseconds, allocation in bytes, all but the rate for each request.
/// </summary>
internal sealed record Sample(double PerSecond, double Cpu, double ServersCpu, double P50, double P99, double Allocated)
{
    public static Sample Median(IReadOnlyList<Sample> samples)
    {
        double MedianOf(Func<Sample, double> figure) => samples.Select(figure).Order().ElementAt(samples.Count / 2);
        return new Sample(
            MedianOf(one => one.PerSecond),
            MedianOf(one => one.Cpu),
            MedianOf(one => one.ServersCpu),
            MedianOf(one => one.P50),
            MedianOf(one => one.P99),
            MedianOf(one => one.Allocated)
        );
    }
}
