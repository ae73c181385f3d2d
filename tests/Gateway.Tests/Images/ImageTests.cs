using System.Net;
using System.Net.Http.Headers;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Images;

/// <summary>
/// An image through the gateway: whole, in ranges, conditionally; and never anything that is not an image.
/// </summary>
public sealed class ImageTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;
    private string _path = null!;
    private string _id = null!;
    private byte[] _bytes = null!;

    public async ValueTask InitializeAsync()
    {
        _gateway = await TwoTenants.StartAsync();
        var generation = await _gateway.MakeAsync(TwoTenants.AsA);
        _id = generation.ImageId();
        var url = new Uri(generation["generated_images"]![0]!["url"]!.GetValue<string>());
        url.GetLeftPart(UriPartial.Authority).ShouldBe(_gateway.Address.GetLeftPart(UriPartial.Authority));
        _path = url.AbsolutePath;
        _bytes = await (await GetAsync()).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task The_image_is_the_hosts_and_may_be_cached_by_its_reader_only()
    {
        var response = await GetAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        _bytes.AsSpan(0, 3).ToArray().ShouldBe([0xFF, 0xD8, 0xFF]);
        response.Content.Headers.ContentLength.ShouldBe(_bytes.Length);
        response.Content.Headers.ContentType!.ToString().ShouldBe("image/jpeg");
        response.Content.Headers.ContentDisposition!.FileName.ShouldBe($"{_id}.jpg");
        response.Headers.ETag!.ToString().ShouldBe($"\"{_id}\"");
        response.Headers.CacheControl!.Private.ShouldBeTrue();
        response.Headers.CacheControl.Extensions.ShouldHaveSingleItem().Name.ShouldBe("immutable");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        var asked = _gateway.Leonardo.Received[^1];
        asked.Header("authorization").ShouldBeNull();
        asked.Header("user-agent").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("bytes=0-2", 0, 3)]
    [InlineData("bytes=10-", 10, null)]
    [InlineData("bytes=-7", -7, 7)]
    [InlineData("bytes=5-999999999", 5, null)]
    public async Task A_range_returns_that_part(string range, int from, int? count)
    {
        var start = from < 0 ? _bytes.Length + from : from;
        var expected = _bytes.AsSpan(start, count ?? _bytes.Length - start).ToArray();
        var response = await GetAsync(("Range", range));
        response.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(expected);
        response.Content.Headers.ContentRange!.ToString().ShouldBe($"bytes {start}-{start + expected.Length - 1}/{_bytes.Length}");
    }

    [Theory]
    [InlineData("bytes=0-1,5-6")]
    [InlineData("pages=1-2")]
    [InlineData("bytes=9-3")]
    public async Task An_unsupported_range_returns_the_whole_image(string range)
    {
        var response = await GetAsync(("Range", range));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length.ShouldBe(_bytes.Length);
    }

    [Fact]
    public async Task A_range_beyond_the_end_is_416_with_the_length()
    {
        var response = await GetAsync(("Range", "bytes=999999999-"));
        await response.ProblemAsync(416, "range-not-satisfiable");
        response.Content.Headers.ContentRange!.ToString().ShouldBe($"bytes */{_bytes.Length}");
    }

    [Fact]
    public async Task If_Range_returns_the_part_of_this_version_and_else_the_whole_image()
    {
        (await GetAsync(("Range", "bytes=0-2"), ("If-Range", "\"other\""))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(("Range", "bytes=0-2"), ("If-Range", "Sun, 22 Nov 2026 12:00:00 GMT"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(("Range", "bytes=0-2"), ("If-Range", $"\"{_id}\""))).StatusCode.ShouldBe(HttpStatusCode.PartialContent);
    }

    [Theory]
    [InlineData("\"{id}\"")]
    [InlineData("W/\"{id}\"")]
    [InlineData("\"x\", \"{id}\"")]
    [InlineData("*")]
    public async Task An_image_that_the_caller_has_is_not_fetched_again(string tag)
    {
        var before = _gateway.Leonardo.Received.Count;
        var response = await GetAsync(("If-None-Match", tag.Replace("{id}", _id, StringComparison.Ordinal)));
        response.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        response.Headers.ETag!.ToString().ShouldBe($"\"{_id}\"");
        _gateway.Leonardo.Received.Count.ShouldBe(before);
    }

    [Fact]
    public async Task A_HEAD_request_returns_the_headers_only()
    {
        var response = await _gateway.SendAsync(HttpMethod.Head, _path, null, TwoTenants.AsA);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentLength.ShouldBe(_bytes.Length);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("image/jpeg");
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("garbage", 502, "upstream-unreachable")]
    [InlineData("html", 502, "upstream-unreachable")]
    [InlineData("empty-200", 502, "upstream-unreachable")]
    [InlineData("endless", 502, "upstream-unreachable")]
    [InlineData("500", 502, "upstream-unreachable")]
    [InlineData("403", 502, "upstream-unreachable")]
    [InlineData("reset-before", 502, "upstream-unreachable")]
    [InlineData("redirect-307", 502, "upstream-unreachable")]
    [InlineData("404", 404, "not-found")]
    public async Task A_reply_that_is_not_an_image_is_not_relayed(string fault, int status, string problem)
    {
        _gateway.Leonardo.Script("cdn", [.. Enumerable.Repeat(fault, 8)]);
        await (await GetAsync()).ProblemAsync(status, problem);
    }

    [Fact]
    public async Task A_silent_host_times_out()
    {
        _gateway.Leonardo.Script("cdn", "hang");
        var getting = GetAsync();
        await Eventually.HoldsAsync(() => _gateway.Leonardo.Received[^1].Path.StartsWith("/users/", StringComparison.Ordinal));
        await _gateway.PassAsync(() => getting.IsCompleted);
        await (await getting).ProblemAsync(502, "upstream-unreachable");
    }

    [Fact]
    public async Task An_incomplete_image_breaks_the_connection()
    {
        await using var host = RawHost.Answering("HTTP/1.1 200 OK\nContent-Type: image/jpeg\nContent-Length: 100000", TwoTenants.Jpeg);
        await using var gateway = await TwoTenants.StartAsync(new() { PublicUrl = host.Address, CreationsPerMinute = 0 }, Origin(host));
        var path = new Uri((await gateway.MakeAsync(TwoTenants.AsA))["generated_images"]![0]!["url"]!.GetValue<string>()).AbsolutePath;
        await Should.ThrowAsync<HttpRequestException>(() => gateway.GetAsync(path, TwoTenants.AsA));
    }

    [Theory]
    [InlineData("jpeg", "image/jpeg")]
    [InlineData("png", "image/png")]
    [InlineData("webp", "image/webp")]
    [InlineData("gif", "image/gif")]
    public async Task The_media_type_is_detected_from_the_bytes_not_from_the_host(string format, string type)
    {
        var bytes = format switch
        {
            "jpeg" => TwoTenants.Jpeg,
            "png" => TwoTenants.Png,
            "webp" => TwoTenants.WebP,
            _ => TwoTenants.Gif,
        };
        await using var host = RawHost.Answering(
            "HTTP/1.1 200 OK\nContent-Type: text/html\nSet-Cookie: a=b\nServer: evil\nVia: 1.1 evil",
            bytes
        );
        await using var gateway = await TwoTenants.StartAsync(new() { PublicUrl = host.Address, CreationsPerMinute = 0 }, Origin(host));
        var path = new Uri((await gateway.MakeAsync(TwoTenants.AsA))["generated_images"]![0]!["url"]!.GetValue<string>()).AbsolutePath;
        var response = await gateway.GetAsync(path, TwoTenants.AsA);
        response.Content.Headers.ContentType!.ToString().ShouldBe(type);
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(bytes);
        foreach (var header in new[] { "Set-Cookie", "Server", "Via" })
            response.Headers.Contains(header).ShouldBeFalse(header);
    }

    [Fact]
    public async Task An_image_that_is_too_large_is_not_relayed()
    {
        await using var host = RawHost.Answering("HTTP/1.1 200 OK\nContent-Length: 3000000", TwoTenants.Jpeg);
        await using var gateway = await TwoTenants.StartAsync(
            new() { PublicUrl = host.Address, CreationsPerMinute = 0 },
            Origin(host),
            ("Images:MaxBytes", "2000000")
        );
        var path = new Uri((await gateway.MakeAsync(TwoTenants.AsA))["generated_images"]![0]!["url"]!.GetValue<string>()).AbsolutePath;
        await (await gateway.GetAsync(path, TwoTenants.AsA)).ProblemAsync(502, "upstream-unreachable");
    }

    private static (string, string) Origin(RawHost host) => ("Leonardo:ImageOrigins:0", host.Address.GetLeftPart(UriPartial.Authority));

    private Task<HttpResponseMessage> GetAsync(params (string, string)[] headers) => _gateway.GetAsync(_path, [TwoTenants.AsA, .. headers]);
}
