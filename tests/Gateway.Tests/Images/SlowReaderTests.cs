using System.Net;
using System.Text;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.Images;

/// <summary>A caller that reads slowly holds no connection to the images' host (T-K5).</summary>
public sealed class SlowReaderTests : IDisposable
{
    private const int Bytes = 8_000_000;

    private static readonly byte[] Image = [.. TwoTenants.Png, .. Enumerable.Range(0, Bytes - TwoTenants.Png.Length).Select(n => (byte)n)];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sixty_slow_readers_of_one_image_need_one_connection_to_its_host_and_only_until_it_is_here(bool isCached)
    {
        var sent = 0;
        await using var host = new RawHost(
            async (_, stream, stop) =>
            {
                await SendHeadAsync(stream, stop);
                await stream.WriteAsync(Image, stop);
                Interlocked.Increment(ref sent);
            }
        );
        await using var gateway = await StartAsync(host, isCached);
        var (slow, other) = (await PathAsync(gateway), await PathAsync(gateway));

        var responses = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => OpenAsync(gateway, slow)));

        await Eventually.HoldsAsync(() => Volatile.Read(ref sent) == 1);
        host.Connections.ShouldBe(1);
        ShouldBeImage(await BytesAsync(gateway, other));
        foreach (var response in (HttpResponseMessage[])[responses[0], responses[^1]])
            ShouldBeImage(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        foreach (var response in responses)
            response.Dispose();
    }

    [Fact]
    public async Task Readers_who_came_later_get_all_of_it_when_the_first_one_leaves()
    {
        var rest = new TaskCompletionSource();
        await using var host = HostThatWaitsFor(rest.Task);
        await using var gateway = await StartAsync(host);
        var path = await PathAsync(gateway);
        using var first = await OpenAsync(gateway, path);
        using var second = await OpenAsync(gateway, path);
        var part = OpenAsync(gateway, path, "bytes=5000000-5000009");

        first.Dispose();
        rest.SetResult();

        ShouldBeImage(await second.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        (await (await part).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(Image[5_000_000..5_000_010]);
        host.Connections.ShouldBe(1);
    }

    /// <summary>The first caller has it, however soon the download ends.</summary>
    [Fact]
    public async Task Without_a_cache_an_image_is_downloaded_once_for_each_caller_who_comes_alone()
    {
        await using var host = RawHost.Answering($"HTTP/1.1 200 OK\nContent-Length: {TwoTenants.Png.Length}", TwoTenants.Png);
        await using var gateway = await StartAsync(host, isCached: false);
        var path = await PathAsync(gateway);

        for (var n = 1; n <= 20; n++)
        {
            (await BytesAsync(gateway, path)).ShouldBe(TwoTenants.Png);
            // Fewer, if the file of the last one was still open.
            host.Connections.ShouldBeLessThanOrEqualTo(n);
        }
    }

    /// <summary>Each is fetched once, although no file takes it, and counts as one read.</summary>
    [Fact]
    public async Task An_image_whose_length_the_host_does_not_state_is_fetched_once()
    {
        await using var host = RawHost.Answering("HTTP/1.1 200 OK", Image);
        await using var gateway = await StartAsync(host);
        var path = await PathAsync(gateway);

        ShouldBeImage(await BytesAsync(gateway, path));

        host.Connections.ShouldBe(1);
        var usage = await (await gateway.GetAsync("/v1/usage", TwoTenants.AsA)).JsonAsync();
        usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == "reads-minute")!["used"]!
            .GetValue<long>()
            .ShouldBe(1);
    }

    [Fact]
    public async Task A_download_ends_when_nobody_reads_it_any_more()
    {
        var closed = new TaskCompletionSource();
        await using var host = new RawHost(
            async (_, stream, stop) =>
            {
                await SendHeadAsync(stream, stop);
                try
                {
                    // Never all of it.
                    for (var sent = 0; sent < Bytes - 1000; sent++)
                    {
                        await stream.WriteAsync(Image.AsMemory(sent, 1), stop);
                        await Task.Yield();
                    }
                    await Task.Delay(Timeout.Infinite, stop);
                }
                finally
                {
                    closed.TrySetResult();
                }
            }
        );
        await using var gateway = await StartAsync(host);
        var reader = await OpenAsync(gateway, await PathAsync(gateway));

        reader.Dispose();

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => Directory.GetFiles(_folder.Path).Length == 0);
    }

    [Fact]
    public async Task An_image_that_is_deleted_on_its_way_is_read_to_its_end_and_not_kept()
    {
        var rest = new TaskCompletionSource();
        await using var host = HostThatWaitsFor(rest.Task);
        await using var gateway = await StartAsync(host);
        var path = await PathAsync(gateway);
        using var reader = await OpenAsync(gateway, path);

        await gateway.SendAsync(HttpMethod.Delete, path[..path.IndexOf("/images", StringComparison.Ordinal)], null, TwoTenants.AsA);
        rest.SetResult();

        ShouldBeImage(await reader.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        await Eventually.HoldsAsync(() => Directory.GetFiles(_folder.Path).Length == 0);
    }

    [Fact]
    public async Task What_the_host_refuses_is_asked_for_again_later()
    {
        var answers = 0;
        await using var host = new RawHost(
            async (_, stream, stop) =>
            {
                if (Interlocked.Increment(ref answers) == 1)
                {
                    await stream.WriteAsync("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), stop);
                    return;
                }
                await SendHeadAsync(stream, stop);
                await stream.WriteAsync(Image, stop);
            }
        );
        await using var gateway = await StartAsync(host);
        var path = await PathAsync(gateway);

        await (await gateway.GetAsync(path, TwoTenants.AsA)).ProblemAsync(502, "upstream-unreachable");

        ShouldBeImage(await BytesAsync(gateway, path));
    }

    private static void ShouldBeImage(byte[] bytes) => bytes.AsSpan().SequenceEqual(Image).ShouldBeTrue($"{bytes.Length} bytes");

    /// <summary>It sends the first thousand bytes, and the rest when the task has completed.</summary>
    private static RawHost HostThatWaitsFor(Task rest) =>
        new(
            async (_, stream, stop) =>
            {
                await SendHeadAsync(stream, stop);
                await stream.WriteAsync(Image.AsMemory(0, 1000), stop);
                await rest.WaitAsync(stop);
                await stream.WriteAsync(Image.AsMemory(1000), stop);
            }
        );

    private static async Task SendHeadAsync(Stream stream, CancellationToken stop) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Bytes}\r\n\r\n"), stop);

    private Task<GatewayApp> StartAsync(RawHost host, bool isCached = true) =>
        TwoTenants.StartAsync(
            new SimulatorOptions
            {
                PublicUrl = host.Address,
                CreationsPerMinute = 0,
                JobSeconds = 1,
            },
            ("Images:Store", isCached ? _folder.Path : ""),
            ("Leonardo:ImageOrigins:0", host.Address.GetLeftPart(UriPartial.Authority))
        );

    private static async Task<string> PathAsync(GatewayApp gateway)
    {
        var generation = await gateway.MakeAsync(TwoTenants.AsA);
        return $"/v1/generations/{generation["id"]}/images/{generation.ImageId()}";
    }

    /// <summary>Reads the head of the answer, and not yet its body.</summary>
    private static async Task<HttpResponseMessage> OpenAsync(GatewayApp gateway, string path, string? range = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(TwoTenants.AsA.Item1, TwoTenants.AsA.Item2);
        request.Headers.TryAddWithoutValidation("Range", range);
        var response = await gateway.Client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        response.StatusCode.ShouldBe(range is null ? HttpStatusCode.OK : HttpStatusCode.PartialContent);
        return response;
    }

    private static async Task<byte[]> BytesAsync(GatewayApp gateway, string path)
    {
        using var response = await OpenAsync(gateway, path);
        return await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }
}
