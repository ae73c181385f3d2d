using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.Images;

/// <summary>A part of an image is asked of its host as that part, and not as the whole image.</summary>
public sealed partial class RangeTests
{
    private static readonly byte[] Image = [.. TwoTenants.Png, .. Enumerable.Range(0, 2_000_000).Select(n => (byte)n)];

    private readonly ConcurrentQueue<string> _ranges = new();

    [Theory]
    [InlineData("bytes=1000000-1000009", 1_000_000, 10)]
    [InlineData("bytes=-7", -7, 7)]
    [InlineData("bytes=1999000-99999999", 1_999_000, null)]
    public async Task A_range_is_asked_of_the_host_as_a_range(string range, int from, int? count)
    {
        await using var host = new RawHost((head, stream, stop) => SendAsync(head, stream, (from, to) => (from, to), stop));
        await using var gateway = await StartAsync(host);
        var start = from < 0 ? Image.Length + from : from;
        var end = start + (count ?? Image.Length - start);

        using var response = await gateway.GetAsync(await PathAsync(gateway), TwoTenants.AsA, ("Range", range));

        response.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        response.Content.Headers.ContentRange!.ToString().ShouldBe($"bytes {start}-{end - 1}/{Image.Length}");
        response.Content.Headers.ContentType!.MediaType.ShouldBe("image/png");
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(Image[start..end]);
        // The first bytes prove that it is an image.
        _ranges.ShouldBe(["bytes=0-11", $"bytes={start}-{end - 1}"]);
    }

    [Fact]
    public async Task A_host_that_sends_another_part_is_asked_for_all_of_it()
    {
        await using var host = new RawHost((head, stream, stop) => SendAsync(head, stream, (from, to) => (from / 2, to / 2), stop));
        await using var gateway = await StartAsync(host);

        using var response = await gateway.GetAsync(await PathAsync(gateway), TwoTenants.AsA, ("Range", "bytes=1000000-1000009"));

        response.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(Image[1_000_000..1_000_010]);
        _ranges.ShouldContain("");
    }

    [Fact]
    public async Task A_range_of_what_is_no_image_is_refused()
    {
        var page = Encoding.ASCII.GetBytes($"<script>{new string('x', 5000)}</script>");
        await using var host = new RawHost((head, stream, stop) => SendAsync(head, stream, (from, to) => (from, to), stop, page));
        await using var gateway = await StartAsync(host);

        using var response = await gateway.GetAsync(await PathAsync(gateway), TwoTenants.AsA, ("Range", "bytes=100-199"));

        await response.ProblemAsync(502, "upstream-unreachable");
    }

    private static Task<GatewayApp> StartAsync(RawHost host) =>
        TwoTenants.StartAsync(
            new SimulatorOptions
            {
                PublicUrl = host.Address,
                CreationsPerMinute = 0,
                JobSeconds = 1,
            },
            ("Leonardo:ImageOrigins:0", host.Address.GetLeftPart(UriPartial.Authority))
        );

    private static async Task<string> PathAsync(GatewayApp gateway)
    {
        var generation = await gateway.MakeAsync(TwoTenants.AsA);
        return $"/v1/generations/{generation["id"]}/images/{generation.ImageId()}";
    }

    /// <param name="choose">The part that is sent when one is asked for.</param>
    private async Task SendAsync(
        string head,
        Stream stream,
        Func<int, int, (int From, int To)> choose,
        CancellationToken stop,
        byte[]? content = null
    )
    {
        var all = content ?? Image;
        var asked = Range().Match(head);
        _ranges.Enqueue(asked.Groups["range"].Value);
        var answer = "200 OK";
        if (asked.Success)
        {
            var (from, to) = choose(Number("from"), Math.Min(Number("to"), all.Length - 1));
            answer = $"206 Partial Content\r\nContent-Range: bytes {from}-{to}/{all.Length}";
            all = all[from..(to + 1)];
        }
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: {all.Length}\r\n\r\n"), stop);
        await stream.WriteAsync(all, stop);

        int Number(string name) => int.Parse(asked.Groups[name].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("range: (?<range>bytes=(?<from>[0-9]+)-(?<to>[0-9]+))", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Range();
}
