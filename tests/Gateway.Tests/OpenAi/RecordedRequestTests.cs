using Gateway.Tests.Harness;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary>
/// openai-python and Open WebUI by their recorded requests: bytes, an error with its parameter, a quota without a long
/// sleep, another tenant's 404, and a repeat that pays once. LibreChat's own packages are run (OpenAiClientTests).
/// </summary>
public sealed class RecordedRequestTests(OpenAiFixture fixture) : IClassFixture<OpenAiFixture>
{
    private const string Python = "openai-python";
    private const string OpenWebUi = "open-webui";

    private readonly GatewayApp _gateway = fixture.Gateway;

    [Theory]
    [InlineData(Python, "generate", 1)]
    [InlineData(Python, "generate, response_format", 2)]
    [InlineData(Python, "generate, every member null", 1)]
    [InlineData(Python, "edit", 1)]
    [InlineData(Python, "edit, two files", 1)]
    [InlineData(OpenWebUi, "generate", 1)]
    [InlineData(OpenWebUi, "generate, user headers", 1)]
    [InlineData(OpenWebUi, "edit", 1)]
    [InlineData(OpenWebUi, "edit, two files", 1)]
    public async Task The_program_gets_the_bytes_of_its_images(string program, string request, int images)
    {
        var prompt = $"{program}: {request}";

        var reply = await SendAsync(program, request, "a", prompt);

        reply.Status.ShouldBe(200, reply.Body);
        var data = reply.Json["data"]!.AsArray();
        data.Count.ShouldBe(images);
        data.ShouldAllBe(image => IsJpeg(image!.Bytes()));
        // Open WebUI would fetch the address, which it does not do in private networks, and not look at the bytes.
        if (program == OpenWebUi)
            data.ShouldAllBe(image => image!["url"] == null);
        _gateway.Charges(prompt).ShouldBe(1);
        var files = request.StartsWith("edit", StringComparison.Ordinal) ? 1 + request.Split("two files").Length - 1 : 0;
        _gateway.Leonardo.Invoice.Single(charge => charge.Prompt == prompt).References.ShouldBe(files);
    }

    /// <summary>
    /// The SDK makes <c>BadRequestError</c> of it, with this <c>param</c>; Open WebUI shows the reason phrase.
    /// </summary>
    [Theory]
    [InlineData(Python, "generate, too many", "n")]
    [InlineData(OpenWebUi, "generate, wrong size", "size")]
    public async Task A_refused_argument_is_named(string program, string request, string param)
    {
        var reply = await SendAsync(program, request, "a", "A refused cat");

        (reply.Status, reply.Reason, reply.Requests).ShouldBe((400, "Bad Request", 1));
        IsError(reply, "invalid_request_error", "invalid_value", param);
        _gateway.Charges("A refused cat").ShouldBe(0);
    }

    /// <summary>The SDK makes <c>RateLimitError</c> of it.</summary>
    [Theory]
    [InlineData(Python)]
    [InlineData(OpenWebUi)]
    public async Task A_quota_is_not_waited_for(string program)
    {
        await SendAsync(program, "generate", "poor", "The only cat");

        var reply = await SendAsync(program, "generate", "poor", $"One more cat of {program}");

        (reply.Status, reply.Reason, reply.Requests, reply.Pause).ShouldBe((429, "Too Many Requests", 1, TimeSpan.Zero));
        IsError(reply, "insufficient_quota", "insufficient_quota", null);
        reply.Headers.Keys.ShouldNotContain("retry-after");
    }

    /// <summary>
    /// By the address in an answer that was not asked for bytes; Open WebUI gets one for <c>gpt-image-1</c>.
    /// </summary>
    [Theory]
    [InlineData(Python, "generate")]
    [InlineData(OpenWebUi, "generate, gpt-image")]
    public async Task The_owner_gets_the_image_by_its_address_and_another_tenant_404(string program, string request)
    {
        var made = await SendAsync(program, request, "a", $"{program}: an address");
        var address = new Uri(made.Json["data"]![0]!["url"]!.GetValue<string>());

        var own = await SendAsync(program, "download", "a", "", address);
        (own.Status, own.Headers["content-type"]).ShouldBe((200, "image/jpeg"));
        IsJpeg(System.Text.Encoding.Latin1.GetBytes(own.Body)).ShouldBeTrue();
        var foreign = await SendAsync(program, "download", "b", "", address);
        (foreign.Status, foreign.Reason, foreign.Requests).ShouldBe((404, "Not Found", 1));
    }

    [Fact]
    public async Task The_SDK_lists_the_models_and_gets_a_404_for_another_model()
    {
        var list = await SendAsync(Python, "models", "a", "");
        list.Json["data"]!.AsArray().Select(model => $"{model!["id"]}").ShouldBe(["flux-pro-2.0", "dall-e-2", "gpt-image-1"]);
        var unknown = await SendAsync(Python, "model", "a", "");
        (unknown.Status, unknown.Requests).ShouldBe((404, 1));
        IsError(unknown, "invalid_request_error", "model_not_found", "model");
    }

    [Fact]
    public async Task The_SDK_repeats_a_504_on_its_own_and_the_images_are_paid_once()
    {
        const string Prompt = "A late cat of the SDK";

        var reply = await _gateway.TimesOutAsync(Prompt, 95, () => Program(Python).SendAsync(_gateway, "generate", "a", Prompt));

        reply.Status.ShouldBe(200, reply.Body);
        // The clock may run ahead of a busy machine: then the second one waits in vain, too.
        reply.Requests.ShouldBeInRange(2, 3);
        reply.Headers["idempotency-replayed"].ShouldBe("true");
        IsJpeg(reply.Json["data"]![0]!.Bytes()).ShouldBeTrue();
        _gateway.Charges(Prompt).ShouldBe(1);
    }

    [Fact]
    public async Task Open_WebUI_shows_a_504_and_its_user_who_asks_again_pays_once()
    {
        const string Prompt = "A late cat of Open WebUI";

        var reply = await _gateway.TimesOutAsync(Prompt, 95, () => Program(OpenWebUi).SendAsync(_gateway, "generate", "a", Prompt));
        (reply.Status, reply.Reason, reply.Requests).ShouldBe((504, "Gateway Timeout", 1));
        for (var again = 0; again < 5 && reply.Status == 504; again++)
            reply = await SendAsync(OpenWebUi, "generate", "a", Prompt);

        reply.Status.ShouldBe(200, reply.Body);
        IsJpeg(reply.Json["data"]![0]!.Bytes()).ShouldBeTrue();
        _gateway.Charges(Prompt).ShouldBe(1);
    }

    /// <summary>It sends <c>Bearer</c> and nothing.</summary>
    [Fact]
    public async Task Open_WebUI_without_a_key_is_the_tenant_of_its_network() =>
        IsJpeg((await SendAsync(OpenWebUi, "generate", "", "A cat without a key")).Json["data"]![0]!.Bytes()).ShouldBeTrue();

    private Task<RecordedReply> SendAsync(string program, string request, string token, string prompt, Uri? address = null) =>
        _gateway.EndsAsync(Program(program).SendAsync(_gateway, request, token, prompt, address));

    private static RecordedProgram Program(string name) => RecordedProgram.From(name);

    private static bool IsJpeg(byte[] bytes) => bytes is [0xFF, 0xD8, 0xFF, ..];

    /// <summary>Where the SDK reads its <c>type</c>, <c>code</c> and <c>param</c>.</summary>
    private static void IsError(RecordedReply reply, string type, string code, string? param)
    {
        var error = reply.Json["error"]!;
        ($"{error["type"]}", $"{error["code"]}", error["param"]?.GetValue<string>()).ShouldBe((type, code, param), reply.Body);
    }
}
