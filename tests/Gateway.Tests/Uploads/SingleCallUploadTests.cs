using System.Net;
using System.Net.Http.Headers;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Uploads;

/// <summary><c>POST /v1/uploads</c>: the first bytes of the one file decide.</summary>
public sealed class SingleCallUploadTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TwoTenants.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("", "png")]
    [InlineData("", "jpg")]
    [InlineData("", "webp")]
    [InlineData("/api/rest", "png")]
    public async Task A_file_becomes_a_reference_image_in_one_call(string prefix, string kind)
    {
        // The name is wrong on purpose.
        var answer = await UploadAsync(Form((FileOf(kind), kind == "png" ? "photo.jpg" : "photo.png")), prefix);

        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var json = await answer.JsonAsync();
        var id = json["id"]!.GetValue<string>();
        json.ToJsonString().ShouldBe($$"""{"id":"{{id}}","type":"UPLOADED"}""");
        answer.Headers.Location!.ToString().ShouldBe("/v1/init-image/" + id);
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var stored = await _gateway.GetAsync($"/v1/init-image/{id}/image", TwoTenants.AsA);
        (await stored.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(FileOf(kind));
        var generation =
            $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","guidances":{"image_reference":[{"image":{{{json.ToJsonString()}}} }] } } }""";
        (await _gateway.PostAsync(generation, headers: TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await _gateway.GetAsync("/v1/init-image/" + id, TwoTenants.AsB)).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task Other_fields_before_and_after_the_file_are_ignored()
    {
        var form = new MultipartFormDataContent
        {
            { new StringContent("a cat"), "title" },
            { new ByteArrayContent(TwoTenants.Png), "file", "x.png" },
            { new StringContent("of mine"), "note" },
        };
        (await UploadAsync(form)).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_form_without_a_file_is_refused()
    {
        await IsInvalidAsync(new MultipartFormDataContent { { new StringContent("1"), "other" } }, "required");
        // What a page sends for a file field that was left empty.
        var empty = new ByteArrayContent([]);
        empty.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "file", FileName = "\"\"" };
        await IsInvalidAsync(new MultipartFormDataContent { empty }, "required");
    }

    [Fact]
    public async Task A_form_with_two_files_is_refused() =>
        await IsInvalidAsync(Form((TwoTenants.Png, "1.png"), (TwoTenants.Jpeg, "2.jpg")), "too-many");

    [Theory]
    [InlineData("gif")]
    [InlineData("text")]
    [InlineData("empty")]
    public async Task A_file_that_is_no_PNG_JPEG_or_WebP_is_415(string kind)
    {
        var before = Stored();
        await (await UploadAsync(Form((FileOf(kind), "x.png")))).ProblemAsync(415, "unsupported-media-type");
        Stored().ShouldBe(before);
    }

    [Fact]
    public async Task A_body_that_is_no_form_is_415() =>
        await (await UploadAsync(new ByteArrayContent(TwoTenants.Png) { Headers = { ContentType = new("image/png") } })).ProblemAsync(
            415,
            "unsupported-media-type"
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_of_25_MB_is_accepted_and_a_longer_one_is_413(bool isDeclared)
    {
        (await UploadAsync(Long(25_000_000, isDeclared))).StatusCode.ShouldBe(HttpStatusCode.Created);
        var before = Stored();
        await (await UploadAsync(Long(25_000_001, isDeclared))).ProblemAsync(413, "too-large");
        Stored().ShouldBe(before);
    }

    [Theory]
    [InlineData("init-image", "bad-key-401", 502, "upstream-credentials")]
    [InlineData("init-image", "rate-limit-429", 503, "upstream-saturated")]
    [InlineData("upload", "403", 422, "upstream-rejected")]
    [InlineData("upload", "500", 502, "upstream-unreachable")]
    public async Task An_upstream_fault_is_reported(string target, string fault, int status, string problem)
    {
        _gateway.Leonardo.Script(target, fault);
        await (await UploadAsync(Form((TwoTenants.Png, "x.png")))).ProblemAsync(status, problem);
    }

    [Fact]
    public async Task A_form_that_breaks_off_stores_nothing()
    {
        var before = Stored();
        var body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\n"u8.ToArray();
        var content = new ByteArrayContent([.. body, .. TwoTenants.Png]);
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        await (await UploadAsync(content)).ProblemAsync(400, "malformed-request");
        Stored().ShouldBe(before);
    }

    private async Task IsInvalidAsync(HttpContent form, string code)
    {
        var before = Stored();
        var problem = await (await UploadAsync(form)).ProblemAsync(400, "validation");
        problem.Codes().ShouldBe(["#/file " + code]);
        Stored().ShouldBe(before);
    }

    private int Stored() => _gateway.Leonardo.Received.Count(request => request.Path == "/s3/upload");

    private Task<HttpResponseMessage> UploadAsync(HttpContent form, string prefix = "") =>
        _gateway.SendAsync(HttpMethod.Post, prefix + "/v1/uploads", form, TwoTenants.AsA);

    private static MultipartFormDataContent Form(params (byte[] Bytes, string Name)[] files)
    {
        var form = new MultipartFormDataContent();
        foreach (var (bytes, name) in files)
            form.Add(new ByteArrayContent(bytes), "file", name);
        return form;
    }

    private static HttpContent Long(int length, bool isDeclared)
    {
        var file = new byte[length];
        TwoTenants.Png.CopyTo(file, 0);
        var form = Form((file, "big.png"));
        return isDeclared ? form : new UndeclaredContent(form);
    }

    private static byte[] FileOf(string kind) =>
        kind switch
        {
            "png" => TwoTenants.Png,
            "jpg" => TwoTenants.Jpeg,
            "webp" => TwoTenants.WebP,
            "gif" => TwoTenants.Gif,
            "empty" => [],
            _ => "just some text, and long enough"u8.ToArray(),
        };

    /// <summary>Sent in chunks: the length is not declared.</summary>
    private sealed class UndeclaredContent : HttpContent
    {
        private readonly MultipartFormDataContent _form;

        public UndeclaredContent(MultipartFormDataContent form)
        {
            _form = form;
            Headers.ContentType = form.Headers.ContentType;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _form.CopyToAsync(stream, context);

        protected override bool TryComputeLength(out long length) => (length = 0) != 0;
    }
}
