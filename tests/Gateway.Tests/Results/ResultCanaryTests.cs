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
public sealed class ResultCanaryTests
{
    private const string PromptCanary = "kestrel over dunes 4711";
    private const string WebhookKey = "callback-canary-0815";

    [Fact]
    public async Task No_answer_contains_upstream_secrets_and_no_log_contains_prompts_or_addresses()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await using var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions { JobSeconds = 0.5 },
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(
            folder,
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("Leonardo__ApiKey", leonardo.Key),
            ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ImageOrigins__0", leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Leonardo__UploadOrigins__0", leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Leonardo__WebhookKey", WebhookKey),
            ("Images__Store", Path.Combine(folder, "images")),
            ("Logging__Level", "Verbose")
        );
        var seen = new StringBuilder();

        var upload = (await SendAsync(HttpMethod.Post, "/v1/init-image", Json("""{"extension":"png"}""")))["uploadInitImage"]!;
        var address = new Uri(upload["url"]!.GetValue<string>()).AbsolutePath;
        await SendAsync(HttpMethod.Post, address, TwoTeams.Form(TwoTeams.Png, "x.png"));
        await SendAsync(HttpMethod.Post, address, TwoTeams.Form(TwoTeams.Png, "x.png"));
        await SendAsync(HttpMethod.Post, "/v1/init-image", TwoTeams.Form(TwoTeams.Gif, "x.gif"));
        await SendAsync(HttpMethod.Get, $"/v1/init-image/{upload["id"]}");
        await SendAsync(HttpMethod.Get, $"/v1/init-image/{upload["id"]}/image");

        foreach (var fault in new[] { "", "[sim:job-fails]", "[sim:job-nsfw]", "[sim:job-empty]", "[sim:reset-after]" })
        {
            var body =
                $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{PromptCanary}}} {{{fault}}}","guidances":{"image_reference":[{"image":{"id":"{{{upload["id"]}}}","type":"UPLOADED"} }] } } }""";
            var made = await SendAsync(HttpMethod.Post, "/v2/generations", Json(body), ("Prefer", "wait=30"));
            if (made["generate"]?["generationId"]?.GetValue<string>() is not { } id)
                continue;
            await SendAsync(HttpMethod.Get, "/v1/generations/" + id, null, ("Accept", "text/event-stream"));
            await SendAsync(HttpMethod.Post, "/webhooks/leonardo", Json(WebhookBody(id)), ("authorization", "Bearer " + WebhookKey));
            await SendAsync(HttpMethod.Post, "/webhooks/leonardo", Json(WebhookBody(id)), ("authorization", "Bearer wrong"));
            foreach (
                var image in made["generations_by_pk"]!["generated_images"]!.AsArray().Select(image => image!["id"]!.GetValue<string>())
            )
            {
                foreach (var fault2 in new[] { "ok", "404", "500", "garbage", "redirect:http://169.254.169.254/latest", "reset-before" })
                {
                    leonardo.Script("cdn", fault2);
                    await SendAsync(HttpMethod.Get, $"/v1/generations/{id}/images/{image}", null, ("Range", "bytes=0-1"));
                }
            }
            foreach (var fault2 in new[] { "error-500", "echo-key", "bad-key-401", "out-of-credit-400", "ok" })
            {
                leonardo.Script("delete", fault2);
                if (fault.Length > 0)
                    await SendAsync(HttpMethod.Delete, "/v1/generations/" + id);
            }
        }
        await SendAsync(HttpMethod.Get, "/v1/generations?limit=100");
        foreach (var fault in new[] { "echo-key", "error-500", "garbage", "out-of-credit-400", "ok" })
        {
            leonardo.Script("init-image", fault);
            await SendAsync(HttpMethod.Delete, $"/v1/init-image/{upload["id"]}");
        }
        await gateway.StopAsync();

        leonardo.Invoice.Count.ShouldBe(5);
        var answers = seen.ToString();
        answers.ShouldContain(PromptCanary, Case.Sensitive, "the owner does see its prompt");
        string[] secrets = [leonardo.Key, leonardo.AccountUserId, "/users/", "kestrel_over", WebhookKey, "X-Amz", "amazonaws", "AWS4"];
        foreach (var secret in secrets.Append(leonardo.Address.Authority))
            answers.ShouldNotContain(secret, Case.Insensitive);
        foreach (var secret in secrets.Concat([PromptCanary, "the-production-key", address.Split('/')[^1]]))
            gateway.Output.ShouldNotContain(secret, Case.Insensitive);

        async Task<JsonNode> SendAsync(
            HttpMethod method,
            string path,
            HttpContent? content = null,
            params (string Name, string Value)[] headers
        )
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            var text = Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            seen.Append(response).Append(response.Content.Headers).Append(text);
            return response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text)! : new JsonObject();
        }
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static string WebhookBody(string id) =>
        $$$"""{"type":"image_generation.complete","data":{"object":{"id":"{{{id}}}","status":"COMPLETE","prompt":"{{{PromptCanary}}}","apiKey":{"key":"the-production-key"} } } }""";
}
