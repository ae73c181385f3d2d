using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Results;

/// <summary>
/// Uses every route of results on the real process with the most verbose logging, then searches all output for secrets,
/// prompts and addresses (T-B9, T-B13, T-C1).
/// </summary>
public sealed class ResultCanaryTests : IAsyncLifetime
{
    private const string PromptCanary = "kestrel over dunes 4711";
    private const string WebhookKey = "callback-canary-0815";

    private readonly TemporaryFolder _folder = new();
    private readonly StringBuilder _answers = new();
    private LeonardoSimulator _leonardo = null!;
    private GatewayProcess _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 0.5 }, TestContext.Current.CancellationToken);
        _gateway = await GatewayProcess.StartAsync(
            _folder.Path,
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("Leonardo__ApiKey", _leonardo.Key),
            ("Leonardo__BaseUrl", _leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ImageOrigins__0", _leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Leonardo__UploadOrigins__0", _leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Leonardo__WebhookKey", WebhookKey),
            ("Images__Store", _folder["images"]),
            ("Logging__Level", "Verbose")
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _leonardo.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task No_answer_contains_upstream_secrets_and_no_log_contains_prompts_or_addresses()
    {
        var (uploadId, uploadPath) = await UseUploadsAsync();
        foreach (var fault in new[] { "", "[sim:job-fails]", "[sim:job-nsfw]", "[sim:job-empty]", "[sim:reset-after]" })
            await UseGenerationAsync(uploadId, fault);
        await SendAsync(HttpMethod.Get, "/v1/generations?limit=100");
        foreach (var fault in new[] { "echo-key", "error-500", "garbage", "out-of-credit-400", "ok" })
        {
            _leonardo.Script("init-image", fault);
            await SendAsync(HttpMethod.Delete, $"/v1/init-image/{uploadId}");
        }
        await _gateway.StopAsync();

        _leonardo.Invoice.Count.ShouldBe(5);
        var answers = _answers.ToString();
        answers.ShouldContain(PromptCanary, Case.Sensitive, "the owner does see its prompt");
        string[] secrets = [_leonardo.Key, _leonardo.AccountUserId, "/users/", "kestrel_over", WebhookKey, "X-Amz", "amazonaws", "AWS4"];
        foreach (var secret in secrets.Append(_leonardo.Address.Authority))
            answers.ShouldNotContain(secret, Case.Insensitive);
        foreach (var secret in secrets.Concat([PromptCanary, "the-production-key", uploadPath.Split('/')[^1]]))
            _gateway.Output.ShouldNotContain(secret, Case.Insensitive);
    }

    private async Task<(string Id, string Path)> UseUploadsAsync()
    {
        var upload = (await SendAsync(HttpMethod.Post, "/v1/init-image", Json("""{"extension":"png"}""")))["uploadInitImage"]!;
        var path = new Uri(upload["url"]!.GetValue<string>()).AbsolutePath;
        await SendAsync(HttpMethod.Post, path, TwoTenants.Form(TwoTenants.Png, "x.png"));
        await SendAsync(HttpMethod.Post, path, TwoTenants.Form(TwoTenants.Png, "x.png"));
        await SendAsync(HttpMethod.Post, "/v1/init-image", TwoTenants.Form(TwoTenants.Gif, "x.gif"));
        await SendAsync(HttpMethod.Get, $"/v1/init-image/{upload["id"]}");
        await SendAsync(HttpMethod.Get, $"/v1/init-image/{upload["id"]}/image");
        return (upload["id"]!.GetValue<string>(), path);
    }

    private async Task UseGenerationAsync(string uploadId, string fault)
    {
        var body =
            $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{PromptCanary}}} {{{fault}}}","guidances":{"image_reference":[{"image":{"id":"{{{uploadId}}}","type":"UPLOADED"} }] } } }""";
        var created = await SendAsync(HttpMethod.Post, "/v2/generations", Json(body), ("Prefer", "wait=30"));
        if (created["generate"]?["generationId"]?.GetValue<string>() is not { } id)
            return;
        await SendAsync(HttpMethod.Get, "/v1/generations/" + id, null, ("Accept", "text/event-stream"));
        await SendAsync(HttpMethod.Post, "/webhooks/leonardo", Json(WebhookBody(id)), ("authorization", "Bearer " + WebhookKey));
        await SendAsync(HttpMethod.Post, "/webhooks/leonardo", Json(WebhookBody(id)), ("authorization", "Bearer wrong"));
        var images = created["generations_by_pk"]!["generated_images"]!.AsArray().Select(image => image!["id"]!.GetValue<string>());
        foreach (var image in images)
        {
            foreach (var cdnFault in new[] { "ok", "404", "500", "garbage", "redirect:http://169.254.169.254/latest", "reset-before" })
            {
                _leonardo.Script("cdn", cdnFault);
                await SendAsync(HttpMethod.Get, $"/v1/generations/{id}/images/{image}", null, ("Range", "bytes=0-1"));
            }
        }
        foreach (var deleteFault in new[] { "error-500", "echo-key", "bad-key-401", "out-of-credit-400", "ok" })
        {
            _leonardo.Script("delete", deleteFault);
            if (fault.Length > 0)
                await SendAsync(HttpMethod.Delete, "/v1/generations/" + id);
        }
    }

    private async Task<JsonNode> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        _answers.Append(response).Append(response.Content.Headers).Append(text);
        return response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text)! : new JsonObject();
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static string WebhookBody(string id) =>
        $$$"""{"type":"image_generation.complete","data":{"object":{"id":"{{{id}}}","status":"COMPLETE","prompt":"{{{PromptCanary}}}","apiKey":{"key":"the-production-key"} } } }""";
}
