using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Hostile;

namespace Gateway.Tests.RawSocket;

/// <summary>
/// Many slow large bodies at once use bounded memory, and other requests are answered meanwhile (T-J2).
/// </summary>
public sealed class MemoryTests
{
    private const int Connections = 500;

    /// <summary>The peak of the whole process. 500 bodies of 128 KiB are 64 MB.</summary>
    private const long MaxRssMegabytes = 400;

    [Fact]
    public async Task Five_hundred_slow_large_bodies_stay_within_400_MB_and_other_requests_are_answered()
    {
        await using var process = await HostileGateway.StartAsync();
        var start = new string(' ', 127 * 1024);
        var senders = new List<RawConnection>();
        try
        {
            for (var i = 0; i < Connections; i++)
            {
                senders.Add(await RawConnection.OpenAsync(process.Gateway.Address));
                await senders[^1]
                    .SendAsync(
                        $"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {128 * 1024}\r\n\r\n{start}"
                    );
            }
            for (var i = 0; i < 20; i++)
            {
                foreach (var sender in senders)
                    await sender.SendAsync(" ");
                using var content = new StringContent(GatewayApp.Guide, new MediaTypeHeaderValue("application/json"));
                using var answer = await process.Gateway.Client.PostAsync(
                    "/v2/generations",
                    content,
                    TestContext.Current.CancellationToken
                );
                answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            }
            PeakMegabytes(process.Gateway.Id).ShouldBeLessThan(MaxRssMegabytes);
        }
        finally
        {
            senders.ForEach(sender => sender.Dispose());
        }
        await process.IsAliveAsync();
        process.Sent.Count.ShouldBe(21);
    }

    private static long PeakMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        var kilobytes = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        TestContext.Current.TestOutputHelper!.WriteLine($"peak RSS {kilobytes / 1024} MB");
        return kilobytes / 1024;
    }
}
