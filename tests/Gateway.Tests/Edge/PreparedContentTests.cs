using System.IO.Compression;
using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Edge;

/// <summary>
/// What is the same for every caller is compressed once, and not sent to a caller that has it (T-K2).
/// </summary>
public sealed class PreparedContentTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    [Theory]
    [InlineData("/")]
    [InlineData("/console/main.js")]
    [InlineData("/console.css")]
    [InlineData("/docs/ledger")]
    [InlineData("/swagger/v1/swagger.json")]
    public async Task It_is_compressed_as_the_caller_accepts_and_identified_by_its_bytes(string path)
    {
        var plain = await _gateway.GetAsync(path);
        var bytes = await BytesAsync(plain);
        plain.Content.Headers.ContentEncoding.ShouldBeEmpty();
        foreach (
            var (accepted, encoding) in ((string, string)[])[("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip;q=0.5", "gzip")]
        )
        {
            var answer = await _gateway.GetAsync(path, ("Accept-Encoding", accepted));
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Content.Headers.ContentEncoding.ShouldBe([encoding]);
            answer.Headers.Vary.ShouldContain("Accept-Encoding");
            answer.Headers.CacheControl!.NoCache.ShouldBeTrue();
            answer.Headers.ETag!.Tag.ShouldNotBe(plain.Headers.ETag!.Tag);
            var compressed = await BytesAsync(answer);
            compressed.Length.ShouldBeLessThan(bytes.Length);
            Decompress(compressed, encoding).ShouldBe(bytes);

            var again = await _gateway.GetAsync(path, ("Accept-Encoding", accepted), ("If-None-Match", answer.Headers.ETag.Tag));
            again.StatusCode.ShouldBe(HttpStatusCode.NotModified);
            again.Headers.ETag!.Tag.ShouldBe(answer.Headers.ETag.Tag);
            (await BytesAsync(again)).ShouldBeEmpty();
        }
        (await _gateway.GetAsync(path, ("If-None-Match", "\"another\""))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("*")]
    [InlineData("zstd")]
    [InlineData("gzip;q=0")]
    public async Task A_caller_that_accepts_no_known_encoding_gets_the_plain_bytes(string accepted)
    {
        var answer = await _gateway.GetAsync("/swagger/v1/swagger.json", ("Accept-Encoding", accepted));
        answer.Content.Headers.ContentEncoding.ShouldBeEmpty();
        (await answer.JsonAsync())["openapi"].ShouldNotBeNull();
    }

    [Theory]
    [InlineData("/console/main.js")]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/docs")]
    public async Task HEAD_answers_as_GET_without_the_body(string path)
    {
        var get = await _gateway.GetAsync(path);
        var head = await _gateway.SendAsync(HttpMethod.Head, path, null);
        head.StatusCode.ShouldBe(HttpStatusCode.OK);
        head.Headers.ETag!.Tag.ShouldBe(get.Headers.ETag!.Tag);
        head.Content.Headers.ContentLength.ShouldBe((await BytesAsync(get)).Length);
        head.Content.Headers.ContentType.ShouldBe(get.Content.Headers.ContentType);
    }

    private static Task<byte[]> BytesAsync(HttpResponseMessage answer) =>
        answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

    private static byte[] Decompress(byte[] compressed, string encoding)
    {
        using var input = new MemoryStream(compressed);
        using Stream stream =
            encoding == "br" ? new BrotliStream(input, CompressionMode.Decompress) : new GZipStream(input, CompressionMode.Decompress);
        using var output = new MemoryStream();
        stream.CopyTo(output);
        return output.ToArray();
    }
}
