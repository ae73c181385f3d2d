using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.Images;

/// <summary>Images are streamed: they do not accumulate in memory.</summary>
public sealed class ImageMemoryTests
{
    private const long Gigabyte = 1L << 30;

    /// <summary>The documented bound for the peak of the whole process.</summary>
    private const long MaxBytes = 256L << 20;

    [Fact]
    public async Task A_gigabyte_and_then_two_hundred_concurrent_downloads_stay_within_256_MiB()
    {
        // An image of the length in the path, sent without Content-Length, 64 KiB at a time.
        await using var host = new RawHost(
            async (head, stream, stop) =>
            {
                var length = head.Contains("-1.jpg", StringComparison.Ordinal) ? Gigabyte : 8L << 20;
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"), stop);
                var piece = new byte[64 * 1024];
                TwoTenants.Jpeg.CopyTo(piece, 0);
                for (var sent = 0L; sent < length; sent += piece.Length)
                    await stream.WriteAsync(piece, stop);
            }
        );
        await using var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions { PublicUrl = host.Address, JobSeconds = 0 },
            TestContext.Current.CancellationToken
        );
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "concurrentStreams": null } }"""),
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(
            folder,
            ("Leonardo__ApiKey", leonardo.Key),
            ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ImageOrigins__0", host.Address.GetLeftPart(UriPartial.Authority))
        );
        var images = await MakeTwoAsync(gateway);

        (await DrainAsync(gateway, images[1])).ShouldBe(Gigabyte);
        var all = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => DrainAsync(gateway, images[0])));
        all.ShouldAllBe(length => length == 8L << 20);

        var peak = PeakBytes(gateway.Id);
        TestContext.Current.TestOutputHelper?.WriteLine($"peak {peak >> 20} MiB");
        peak.ShouldBeLessThan(MaxBytes);
    }

    private static async Task<string[]> MakeTwoAsync(GatewayProcess gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/generations");
        request.Headers.TryAddWithoutValidation("Prefer", "wait=30");
        request.Content = new StringContent(
            """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","quantity":2,"width":256,"height":256} }""",
            Encoding.UTF8,
            new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")
        );
        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        return [.. answer["generations_by_pk"]!["generated_images"]!.AsArray().Select(image => image!["url"]!.GetValue<string>())];
    }

    private static async Task<long> DrainAsync(GatewayProcess gateway, string url)
    {
        using var response = await gateway.Client.GetAsync(
            url,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[64 * 1024];
        var total = 0L;
        while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read)
            total += read;
        return total;
    }

    /// <summary>The peak of the process's physical memory, as the kernel counts it.</summary>
    private static long PeakBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
