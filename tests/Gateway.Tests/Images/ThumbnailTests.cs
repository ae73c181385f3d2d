using System.Net;
using System.Text;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;
using SkiaSharp;

namespace Gateway.Tests.Images;

/// <summary>Thumbnails: small WebP images of what may be anything at all.</summary>
public sealed class ThumbnailTests : IAsyncLifetime
{
    private byte[] _bytes = [];
    private bool _states = true;
    private RawHost _host = null!;
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _host = new RawHost(
            async (_, stream, stop) =>
            {
                var length = _states ? $"Content-Length: {_bytes.Length}" : "Connection: close";
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{length}\r\n\r\n"), stop);
                await stream.WriteAsync(_bytes, stop);
            }
        );
        _gateway = await GatewayApp.StartAsync(
            TwoTenants.Tenants,
            simulator: new SimulatorOptions
            {
                CreationsPerMinute = 0,
                JobSeconds = 0,
                PublicUrl = _host.Address,
            },
            settings: ("Leonardo:ImageOrigins:0", _host.Address.GetLeftPart(UriPartial.Authority))
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task An_image_of_unstated_length_has_a_thumbnail_too()
    {
        _states = false;
        var response = await GetAsync(Picture(400, 200, SKEncodedImageFormat.Jpeg), "?width=320");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await DecodeAsync(response)).Info.Width.ShouldBe(320);
    }

    [Theory]
    [InlineData(1440, 810, 320, 320, 180)]
    [InlineData(1440, 810, 640, 640, 360)]
    [InlineData(810, 1440, 320, 320, 569)]
    [InlineData(200, 100, 320, 200, 100)]
    [InlineData(1, 20_000, 320, 1, 1280)]
    public async Task A_thumbnail_has_the_width_asked_for_and_is_never_enlarged(int width, int height, int asked, int made, int madeHeight)
    {
        foreach (var format in new[] { SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Png })
        {
            var response = await GetAsync(Picture(width, height, format), $"?width={asked}");
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            response.Content.Headers.ContentType!.MediaType.ShouldBe("image/webp");
            using var codec = await DecodeAsync(response);
            codec.EncodedFormat.ShouldBe(SKEncodedImageFormat.Webp);
            (codec.Info.Width, codec.Info.Height).ShouldBe((made, madeHeight));
        }
    }

    [Fact]
    public async Task A_thumbnail_has_an_ETag_of_its_own_is_kept_and_serves_conditions_and_ranges()
    {
        _bytes = Picture(1440, 1440, SKEncodedImageFormat.Jpeg);
        var path = await PathAsync();
        var id = path.Split('/')[^1];
        var first = await _gateway.GetAsync(path + ".jpg?width=320", TwoTenants.AsA);
        var whole = await first.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        first.Headers.ETag!.ToString().ShouldBe($"\"{id}-320\"");
        first.Headers.CacheControl!.Private.ShouldBeTrue();
        first.Content.Headers.ContentDisposition!.FileName.ShouldBe($"{id}-320.webp");

        var fetched = _host.Connections;
        var part = await _gateway.GetAsync(path + "?width=320", TwoTenants.AsA, ("Range", "bytes=2-9"));
        part.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(whole[2..10]);
        var unchanged = await _gateway.GetAsync(path + "?width=320", TwoTenants.AsA, ("If-None-Match", $"\"{id}-320\""));
        unchanged.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        var original = await _gateway.GetAsync(path + "?width=320", TwoTenants.AsA, ("If-None-Match", $"\"{id}\""));
        original.StatusCode.ShouldBe(HttpStatusCode.OK);
        var head = await _gateway.SendAsync(HttpMethod.Head, path + "?width=320", null, TwoTenants.AsA);
        head.Content.Headers.ContentLength.ShouldBe(whole.Length);
        _host.Connections.ShouldBe(fetched, "the thumbnail is kept");

        (await _gateway.GetAsync(path + "?width=320", TwoTenants.AsB)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await _gateway.SendAsync(HttpMethod.Delete, path.Split("/images/")[0], null, TwoTenants.AsA);
        (await _gateway.GetAsync(path + "?width=320", TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("100")]
    [InlineData("0")]
    [InlineData("")]
    [InlineData("0320")]
    [InlineData("320&width=640")]
    [InlineData("wide")]
    public async Task Another_width_is_refused(string width)
    {
        _bytes = Picture(10, 10, SKEncodedImageFormat.Jpeg);
        var problem = await (await _gateway.GetAsync($"{await PathAsync()}?width={width}", TwoTenants.AsA)).ProblemAsync(400, "validation");
        problem.Codes().ShouldBe(["#/width unknown-value"]);
    }

    /// <summary>Red on the left, which this orientation turns to the top.</summary>
    [Fact]
    public async Task A_picture_that_a_browser_would_turn_is_upright()
    {
        var response = await GetAsync(WithOrientation(Picture(800, 400, SKEncodedImageFormat.Jpeg), 6), "?width=320");
        using var codec = await DecodeAsync(response);
        (codec.Info.Width, codec.Info.Height).ShouldBe((320, 640));
        using var bitmap = SKBitmap.Decode(codec);
        bitmap.GetPixel(160, 40).Red.ShouldBeGreaterThan((byte)200);
        bitmap.GetPixel(160, 600).Red.ShouldBeLessThan((byte)60);
    }

    [Fact]
    public async Task What_follows_the_picture_in_its_file_is_not_in_the_thumbnail()
    {
        var response = await GetAsync(
            [.. Picture(64, 64, SKEncodedImageFormat.Png), .. "<script>alert(4711)</script>PK\x3\x4"u8],
            "?width=320"
        );
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        Encoding
            .Latin1.GetString(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken))
            .ShouldNotContain("4711");
    }

    [Fact]
    public async Task Forty_megapixels_are_scaled_and_forty_one_are_refused()
    {
        (await GetAsync(HostileImages.Png(8000, 5000), "?width=320")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await GetAsync(HostileImages.Png(8000, 5125), "?width=320")).ProblemAsync(415, "unsupported-media-type");
    }

    [Fact]
    public async Task A_hostile_image_is_refused_without_being_decoded_and_the_next_one_is_made()
    {
        foreach (var (name, bytes) in HostileImages.All)
        {
            var response = await GetAsync(bytes, "?width=320");
            response.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType, name);
            await response.ProblemAsync(415, "unsupported-media-type");
        }
        (await GetAsync(Picture(64, 64, SKEncodedImageFormat.Webp), "?width=640")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<HttpResponseMessage> GetAsync(byte[] bytes, string query)
    {
        _bytes = bytes;
        return await _gateway.GetAsync(await PathAsync() + query, TwoTenants.AsA);
    }

    private async Task<string> PathAsync()
    {
        var generation = await _gateway.MakeAsync(TwoTenants.AsA);
        return new Uri(generation["generated_images"]![0]!["url"]!.GetValue<string>()).AbsolutePath;
    }

    private static async Task<SKCodec> DecodeAsync(HttpResponseMessage response) =>
        SKCodec.Create(SKData.CreateCopy(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));

    /// <summary>The left half red, the right half blue.</summary>
    internal static byte[] Picture(int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.Blue);
        using var red = new SKPaint { Color = SKColors.Red };
        canvas.DrawRect(0, 0, width / 2f, height, red);
        return bitmap.Encode(format, 90).ToArray();
    }

    /// <summary>A JPEG with a block of EXIF that holds the orientation alone.</summary>
    private static byte[] WithOrientation(byte[] jpeg, byte orientation) =>
        [
            .. jpeg[..2],
            .. (byte[])[0xFF, 0xE1, 0, 34],
            .. "Exif\0\0"u8,
            .. (byte[])[(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
            .. jpeg[2..],
        ];
}
