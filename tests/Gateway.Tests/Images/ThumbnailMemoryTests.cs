using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Images;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.Images;

/// <summary>Thumbnails of the largest images: they are decoded one after another, however many are asked for.</summary>
public sealed class ThumbnailMemoryTests
{
    /// <summary>Not decoded at once: each takes 160 MB.</summary>
    private const int Requests = 50;

    /// <summary>The documented bound for the peak of the whole process while it makes thumbnails.</summary>
    private const long MaxBytes = 420L << 20;

    [Fact]
    public async Task Fifty_concurrent_thumbnails_of_forty_megapixels_stay_within_420_MiB()
    {
        var bytes = HostileImages.Png(8000, 5000);
        await using var host = new RawHost(
            async (_, stream, stop) =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {bytes.Length}\r\n\r\n"), stop);
                await stream.WriteAsync(bytes, stop);
            }
        );
        await using var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions { PublicUrl = host.Address, JobSeconds = 0 },
            TestContext.Current.CancellationToken
        );
        using var folder = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("Leonardo__ApiKey", leonardo.Key),
            ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ImageOrigins__0", host.Address.GetLeftPart(UriPartial.Authority))
        );
        var addresses = new List<string>();
        while (addresses.Count < Requests)
            addresses.AddRange(await MakeAsync(gateway));

        var answers = await Task.WhenAll(addresses.Take(Requests).Select(address => AskAsync(gateway, address)));

        answers.Count(status => status == HttpStatusCode.OK).ShouldBeGreaterThan(0);
        answers.ShouldAllBe(status => status == HttpStatusCode.OK || status == HttpStatusCode.ServiceUnavailable);
        var peak = PeakBytes(gateway.Id);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"peak {peak >> 20} MiB, {answers.Count(status => status == HttpStatusCode.OK)} made"
        );
        peak.ShouldBeLessThan(MaxBytes);
    }

    [Fact]
    public async Task More_thumbnails_than_may_be_waited_for_are_refused_at_once()
    {
        await using var host = new RawHost((_, _, stop) => Task.Delay(Timeout.Infinite, stop));
        await using var gateway = await GatewayApp.StartAsync(
            TwoTenants.WithQuotas("""{ "concurrentStreams": null, "readsPerMinute": null }""", "{ }"),
            simulator: new SimulatorOptions
            {
                CreationsPerMinute = 0,
                JobSeconds = 0,
                PublicUrl = host.Address,
            },
            settings: ("Leonardo:ImageOrigins:0", host.Address.GetLeftPart(UriPartial.Authority))
        );
        var addresses = new List<string>();
        while (addresses.Count < 66)
        {
            var url = (await gateway.MakeAsync(TwoTenants.AsA))["generated_images"]![0]!["url"]!.GetValue<string>();
            addresses.AddRange(Thumbnails.Widths.Select(width => FormattableString.Invariant($"{url}?width={width}")));
        }
        using var end = new CancellationTokenSource();

        var all = addresses.Take(66).Select(address => AskAsync(gateway, address, end.Token)).ToList();
        await Eventually.HoldsAsync(() => all.Count(asked => asked.IsCompleted) == 2);

        foreach (var refused in all.Where(asked => asked.IsCompleted))
        {
            await (await refused).ProblemAsync(503, "upstream-saturated");
            (await refused).Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        }
        await end.CancelAsync();
    }

    private static async Task<HttpResponseMessage> AskAsync(GatewayApp gateway, string address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add(TwoTenants.AsA.Item1, TwoTenants.AsA.Item2);
        return await gateway.Client.SendAsync(request, cancellationToken);
    }

    /// <returns>Two thumbnails of each of eight images.</returns>
    private static async Task<IEnumerable<string>> MakeAsync(GatewayProcess gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/generations");
        request.Headers.TryAddWithoutValidation("Prefer", "wait=30");
        request.Content = new StringContent(
            """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","quantity":8,"width":256,"height":256} }""",
            Encoding.UTF8,
            new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")
        );
        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        var images = answer["generations_by_pk"]!["generated_images"]!.AsArray().Select(image => image!["url"]!.GetValue<string>());
        return images.SelectMany(url => new[] { url + "?width=320", url + "?width=640" });
    }

    private static async Task<HttpStatusCode> AskAsync(GatewayProcess gateway, string address)
    {
        using var response = await gateway.Client.GetAsync(address, TestContext.Current.CancellationToken);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            response.Headers.RetryAfter.ShouldNotBeNull();
        return response.StatusCode;
    }

    private static long PeakBytes(int process) =>
        long.Parse(
            File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ')[^2],
            CultureInfo.InvariantCulture
        ) * 1024;
}
