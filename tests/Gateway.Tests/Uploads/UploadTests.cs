using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Uploads;

/// <summary>
/// Uploads of reference images, in two steps like the upstream's or in one call. The presigned form reaches storage
/// only (T-B8).
/// </summary>
public sealed class UploadTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TwoTenants.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    [InlineData("jpeg")]
    [InlineData("webp")]
    public async Task In_two_steps_the_gateway_takes_the_form_and_storage_gets_the_file(string extension)
    {
        var upload = await BeginAsync(extension);
        var fields = JsonNode.Parse(upload["fields"]!.GetValue<string>())!.AsObject();
        var url = new Uri(upload["url"]!.GetValue<string>());
        url.Authority.ShouldBe(_gateway.Address.Authority);
        upload.ToJsonString().ShouldNotContain(_gateway.Leonardo.AccountUserId, Case.Insensitive);
        upload.ToJsonString().ShouldNotContain("x-amz", Case.Insensitive);

        var form = TwoTenants.Form(
            FileOf(extension),
            "x." + extension,
            [.. fields.Select(field => (field.Key, field.Value!.GetValue<string>()))]
        );
        // Like a client written for the upstream: without any credential.
        (await _gateway.SendAsync(HttpMethod.Post, url.AbsolutePath, form)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        var stored = _gateway.Leonardo.Received[^1];
        stored.Header("authorization").ShouldBeNull();
        stored.Header("content-length").ShouldBe($"{stored.Body.Length}");
        stored.Header("transfer-encoding").ShouldBeNull();
        stored
            .Text.IndexOf("name=\"key\"", StringComparison.Ordinal)
            .ShouldBeLessThan(stored.Text.IndexOf("name=\"file\"", StringComparison.Ordinal));
        var image = await _gateway.GetAsync($"/v1/init-image/{upload["id"]}/image", TwoTenants.AsA);
        (await image.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(FileOf(extension));
    }

    [Fact]
    public async Task An_upload_in_one_call_can_be_read_used_as_a_reference_and_deleted()
    {
        var id = await _gateway.UploadAsync(TwoTenants.AsA);
        var seen = (await (await _gateway.GetAsync("/v1/init-image/" + id, TwoTenants.AsA)).JsonAsync())["init_images_by_pk"]!;
        seen["id"]!.GetValue<string>().ShouldBe(id);
        seen["url"]!.GetValue<string>().ShouldBe($"{_gateway.Address.GetLeftPart(UriPartial.Authority)}/v1/init-image/{id}/image");

        (await _gateway.PostAsync(With(id), headers: TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem().References.ShouldBe(1);

        var deleted = await _gateway.SendAsync(HttpMethod.Delete, "/v1/init-image/" + id, null, TwoTenants.AsA);
        (await deleted.JsonAsync()).ToJsonString().ShouldBe($$$"""{"delete_init_images_by_pk":{"id":"{{{id}}}"}}""");
        await (await _gateway.GetAsync("/v1/init-image/" + id, TwoTenants.AsA)).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task An_upload_without_its_file_is_not_a_reference()
    {
        var upload = await BeginAsync("png");
        var problem = await (await _gateway.PostAsync(With(upload["id"]!.GetValue<string>()), headers: TwoTenants.AsA)).ProblemAsync(
            400,
            "validation"
        );
        problem.Codes().ShouldBe(["#/parameters/guidances/image_reference/0/image/id unknown-reference"]);
    }

    [Theory]
    [InlineData("png", "jpg", "wrong-format")]
    [InlineData("jpg", "png", "wrong-format")]
    [InlineData("webp", "png", "wrong-format")]
    [InlineData("png", "gif", "not-an-image")]
    [InlineData("png", "text", "not-an-image")]
    [InlineData("png", "empty", "not-an-image")]
    public async Task A_file_that_does_not_match_its_extension_is_refused(string extension, string file, string code)
    {
        var before = Stored();
        var url = new Uri((await BeginAsync(extension))["url"]!.GetValue<string>()).AbsolutePath;
        var inTwo = await _gateway.SendAsync(HttpMethod.Post, url, TwoTenants.Form(FileOf(file), "x"), TwoTenants.AsA);
        (await inTwo.ProblemAsync(400, "validation")).Codes().ShouldBe(["#/file " + code]);
        var inOne = await _gateway.SendAsync(
            HttpMethod.Post,
            "/v1/init-image",
            TwoTenants.Form(FileOf(file), "x." + extension),
            TwoTenants.AsA
        );
        (await inOne.ProblemAsync(400, "validation")).Codes().ShouldBe(["#/file " + code]);
        Stored().ShouldBe(before);
    }

    [Theory]
    [InlineData("""{"extension":"gif"}""", "#/extension not-allowed")]
    [InlineData("""{"extension":"PNG"}""", "#/extension not-allowed")]
    [InlineData("""{"extension":7}""", "#/extension wrong-type")]
    [InlineData("""{}""", "#/extension required")]
    [InlineData("""{"extension":"png","url":"http://x"}""", "#/url unknown-member")]
    public async Task An_invalid_request_for_an_upload_is_refused(string body, string code)
    {
        var before = _gateway.Leonardo.Received.Count;
        (await (await _gateway.PostAsync(body, "/v1/init-image", TwoTenants.AsA)).ProblemAsync(400, "validation")).Codes().ShouldBe([code]);
        _gateway.Leonardo.Received.Count.ShouldBe(before);
    }

    [Fact]
    public async Task A_form_that_is_repeated_because_its_answer_was_lost_gets_the_answer_again_and_is_stored_once()
    {
        var url = new Uri((await BeginAsync("png"))["url"]!.GetValue<string>()).AbsolutePath;
        (await PostAsync(url)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var stored = Stored();

        (await PostAsync(url)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        Stored().ShouldBe(stored);
        _gateway.Time.Advance(TimeSpan.FromSeconds(121));
        await (await PostAsync(url)).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task An_upload_in_one_call_has_no_address()
    {
        var form = TwoTenants.Form(TwoTenants.Png, "x.png");
        using var made = await _gateway.SendAsync(HttpMethod.Post, "/v1/init-image", form, TwoTenants.AsA);
        var id = (await made.JsonAsync())["uploadInitImage"]!["id"]!.GetValue<string>();

        await (await PostAsync($"/v1/init-image/{id}/upload/{id}")).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task An_upload_address_expires_after_two_minutes()
    {
        var url = new Uri((await BeginAsync("png"))["url"]!.GetValue<string>()).AbsolutePath;
        var before = Stored();
        _gateway.Time.Advance(TimeSpan.FromSeconds(121));
        await (await PostAsync(url, TwoTenants.AsA)).ProblemAsync(404, "not-found");
        Stored().ShouldBe(before);
    }

    [Fact]
    public async Task An_upload_address_works_for_no_other_tenant_and_cannot_be_guessed()
    {
        var upload = await BeginAsync("png");
        var url = new Uri(upload["url"]!.GetValue<string>()).AbsolutePath;
        await (await PostAsync(url, TwoTenants.AsB)).ProblemAsync(404, "not-found");
        await (await PostAsync(url[..^1] + (url[^1] == 'A' ? 'B' : 'A'), TwoTenants.AsA)).ProblemAsync(404, "not-found");
        await (await PostAsync(url, ("authorization", "Bearer wrong"))).ProblemAsync(401, "unidentified");
        await (await PostAsync($"/v1/init-image/{Guid.NewGuid()}/upload/{url.Split('/')[^1]}", TwoTenants.AsA)).ProblemAsync(
            404,
            "not-found"
        );
        (await PostAsync(url, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_over_25_MB_is_refused_with_or_without_a_declared_length(bool declared)
    {
        var before = Stored();
        var form = TwoTenants.Form([.. TwoTenants.Png, .. new byte[25_000_000]], "big.png");
        if (!declared)
            form.Headers.ContentLength = null;
        var url = new Uri((await BeginAsync("png"))["url"]!.GetValue<string>()).AbsolutePath;
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = form,
            Headers = { TransferEncodingChunked = !declared },
        };
        var response = await _gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.ProblemAsync(413, "too-large");
        Stored().ShouldBe(before);
    }

    [Fact]
    public async Task A_file_of_25_MB_is_accepted()
    {
        var file = new byte[25_000_000];
        TwoTenants.Png.CopyTo(file, 0);
        var response = await _gateway.SendAsync(HttpMethod.Post, "/v1/init-image", TwoTenants.Form(file, "big.png"), TwoTenants.AsA);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        _gateway.Leonardo.Received[^1].Body.Length.ShouldBeGreaterThan(25_000_000);
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=x", "no multipart at all", 400, "malformed-request")]
    [InlineData(
        "multipart/form-data; boundary=x",
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\nbroken off",
        400,
        "malformed-request"
    )]
    [InlineData(
        "multipart/form-data; boundary=x",
        "--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x--\r\n",
        400,
        "validation"
    )]
    [InlineData("multipart/form-data", "--x--", 415, "unsupported-media-type")]
    [InlineData("text/plain", "x", 415, "unsupported-media-type")]
    public async Task A_malformed_form_is_refused(string type, string body, int status, string problem)
    {
        var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        var response = await _gateway.SendAsync(HttpMethod.Post, "/v1/init-image", content, TwoTenants.AsA);
        await response.ProblemAsync(status, problem);
    }

    [Theory]
    [InlineData("init-image", "bad-key-401", 502, "upstream-credentials")]
    [InlineData("init-image", "rate-limit-429", 503, "upstream-saturated")]
    [InlineData("init-image", "garbage", 502, "upstream-unreachable")]
    [InlineData("init-image", "error-500", 502, "upstream-unreachable")]
    [InlineData("upload", "403", 422, "upstream-rejected")]
    [InlineData("upload", "500", 502, "upstream-unreachable")]
    [InlineData("upload", "reset-before", 502, "upstream-unreachable")]
    [InlineData("upload", "redirect-307", 502, "upstream-unreachable")]
    public async Task An_upstream_fault_is_reported_and_leaves_no_upload_behind(string target, string fault, int status, string problem)
    {
        _gateway.Leonardo.Script(target, fault);
        var response = await _gateway.SendAsync(
            HttpMethod.Post,
            "/v1/init-image",
            TwoTenants.Form(TwoTenants.Png, "x.png"),
            TwoTenants.AsA
        );
        await response.ProblemAsync(status, problem);
        _gateway.Leonardo.Stats.TrapHits.ShouldBe(0);
    }

    [Fact]
    public async Task The_form_is_sent_only_to_the_allowed_origins()
    {
        await using var trap = RawHost.Answering("HTTP/1.1 204 No Content");
        await using var gateway = await TwoTenants.StartAsync(new() { PublicUrl = trap.Address });
        var response = await gateway.SendAsync(HttpMethod.Post, "/v1/init-image", TwoTenants.Form(TwoTenants.Png, "x.png"), TwoTenants.AsA);
        await response.ProblemAsync(502, "upstream-unreachable");
        trap.Connections.ShouldBe(0);
    }

    private int Stored() => _gateway.Leonardo.Received.Count(request => request.Path == "/s3/upload");

    private async Task<JsonNode> BeginAsync(string extension)
    {
        var response = await _gateway.PostAsync($$"""{"extension":"{{extension}}"}""", "/v1/init-image", TwoTenants.AsA);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.JsonAsync())["uploadInitImage"]!;
    }

    private Task<HttpResponseMessage> PostAsync(string url, params (string, string)[] headers) =>
        _gateway.SendAsync(HttpMethod.Post, url, TwoTenants.Form(TwoTenants.Png, "x.png"), headers);

    private static byte[] FileOf(string kind) =>
        kind switch
        {
            "png" => TwoTenants.Png,
            "jpg" or "jpeg" => TwoTenants.Jpeg,
            "webp" => TwoTenants.WebP,
            "gif" => TwoTenants.Gif,
            "empty" => [],
            _ => "just some text, and long enough"u8.ToArray(),
        };

    private static string With(string upload) =>
        $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","guidances":{"image_reference":[{"image":{"id":"{{upload}}","type":"UPLOADED"} }] } } }""";
}
