using System.Net;
using System.Text;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Generations;

/// <summary>
/// A body that is not strict JSON in UTF-8, of the right media type and within the size limit, is refused before any
/// rule.
/// </summary>
public sealed class StrictBodyTests : IClassFixture<GatewayFixture>
{
    private readonly GatewayApp _gateway;
    private readonly int _receivedBefore;

    public StrictBodyTests(GatewayFixture fixture)
    {
        _gateway = fixture.Gateway;
        _receivedBefore = _gateway.Leonardo.Received.Count;
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nul")]
    [InlineData("{} {}")]
    [InlineData("{}\0")]
    [InlineData("{'model':'flux-pro-2.0'}")]
    [InlineData("""{"model":"flux-pro-2.0",}""")]
    [InlineData("""{"model":"flux-pro-2.0"/* why */}""")]
    [InlineData("""{"model":"a","model":"b"}""")]
    [InlineData("""{"model":"a","m\u006fdel":"b"}""")]
    [InlineData("""{"parameters":{"x":[{"y":1,"y":1}]}}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("\uFEFF{}")]
    [InlineData("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]")]
    public async Task What_is_not_strict_json_is_malformed(string body)
    {
        await (await _gateway.PostAsync(body)).ProblemAsync(400, "malformed-request");
        NothingWasSent();
    }

    [Theory]
    [InlineData("", "The body is empty.", "Send the request as a JSON object")]
    [InlineData("\uFEFF{}", "The body begins with a byte order mark", "UTF-8 without one")]
    [InlineData("\uFEFF", "The body begins with a byte order mark", "UTF-8 without one")]
    public async Task An_empty_body_and_a_byte_order_mark_are_named_with_the_fix(string body, string fault, string fix)
    {
        foreach (var path in new[] { "/v2/generations", "/v2/generations/quote", "/v1/init-image" })
        {
            var problem = await (await _gateway.PostAsync(body, path)).ProblemAsync(400, "malformed-request");
            problem["detail"]!.GetValue<string>().ShouldContain(fault);
            problem["detail"]!.GetValue<string>().ShouldContain(fix);
        }
        NothingWasSent();
    }

    [Theory]
    [InlineData("/v2/generations")]
    [InlineData("/v2/generations/quote")]
    public async Task A_missing_content_type_is_named_with_the_fix(string path)
    {
        foreach (var content in new HttpContent?[] { new ByteArrayContent(Encoding.UTF8.GetBytes(GatewayApp.Guide)), null })
        {
            var answer = await _gateway.SendAsync(HttpMethod.Post, path, content);
            var detail = (await answer.ProblemAsync(415, "unsupported-media-type"))["detail"]!.GetValue<string>();
            detail.ShouldContain("no Content-Type");
            detail.ShouldContain("Content-Type: application/json");
        }
        NothingWasSent();
    }

    [Fact]
    public async Task A_duplicate_member_is_named()
    {
        var answer = await _gateway.PostAsync("""{"model":"flux-pro-2.0","parameters":{"prompt":"a","prompt":"b"}}""");
        (await answer.ProblemAsync(400, "malformed-request"))["detail"]!.GetValue<string>().ShouldContain("#/parameters/prompt");
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_are_malformed()
    {
        byte[] body = [.. Encoding.ASCII.GetBytes("{\"model\":\""), 0xC0, 0xAF, .. Encoding.ASCII.GetBytes("\"}")];
        await (await SendAsync(new ByteArrayContent(body), "application/json")).ProblemAsync(400, "malformed-request");
        NothingWasSent();
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/json; charset=utf-16", null)]
    [InlineData("application/jsonp", null)]
    [InlineData(null, null)]
    [InlineData("application/json", "gzip")]
    [InlineData("application/json", "br")]
    public async Task Another_media_type_or_an_encoding_is_unsupported(string? type, string? encoding)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(GatewayApp.Guide));
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        await (await SendAsync(content, type)).ProblemAsync(415, "unsupported-media-type");
        NothingWasSent();
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON; charset=\"UTF-8\"")]
    [InlineData("application/json; charset=utf8")]
    public async Task Utf8_may_be_named(string type) =>
        (await SendAsync(new ByteArrayContent(Encoding.UTF8.GetBytes(GatewayApp.Guide)), type)).StatusCode.ShouldBe(HttpStatusCode.OK);

    [Fact]
    public async Task The_encoding_that_changes_nothing_may_be_named()
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(GatewayApp.Guide));
        content.Headers.ContentEncoding.Add("identity");
        (await SendAsync(content, "application/json")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(128 * 1024, false, 400, "malformed-request")]
    [InlineData(128 * 1024 + 1, false, 413, "too-large")]
    [InlineData(128 * 1024, true, 400, "malformed-request")]
    [InlineData(128 * 1024 + 1, true, 413, "too-large")]
    public async Task A_body_over_128_KiB_is_too_large(int bytes, bool chunked, int status, string name)
    {
        HttpContent content = chunked ? new StreamContent(new Unseekable(bytes)) : new ByteArrayContent(new byte[bytes]);
        await (await SendAsync(content, "application/json")).ProblemAsync(status, name);
        NothingWasSent();
    }

    private Task<HttpResponseMessage> SendAsync(HttpContent content, string? type)
    {
        if (type is not null)
            content.Headers.TryAddWithoutValidation("content-type", type);
        return _gateway.SendAsync(HttpMethod.Post, "/v2/generations", content);
    }

    private void NothingWasSent() => _gateway.Leonardo.Received.Count.ShouldBe(_receivedBefore);

    /// <summary>A body without a known length, which the client sends in chunks.</summary>
    private sealed class Unseekable(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;
    }
}
