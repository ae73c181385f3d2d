using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.OpenAi;

/// <summary>Calls of OpenAI's image API, while the clock of the gateway passes.</summary>
internal static class OpenAiCalls
{
    public const string ImagesPath = "/openai/v1/images/generations";
    public const string EditsPath = "/openai/v1/images/edits";

    public static readonly (string, string) AsA = TwoTenants.AsA;
    public static readonly (string, string) AsB = TwoTenants.AsB;

    /// <summary>
    /// <c>a</c> and <c>b</c> by their tokens, <c>team</c> by its network, and some with a policy or a quota, by tokens
    /// that are their ids.
    /// </summary>
    public static string Tenants { get; } =
        GatewayApp.Tenants(
            // SHA-256 of "a", of "b".
            """{ "id": "a", "identify": { "tokens": ["sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"] } }""",
            """{ "id": "b", "identify": { "tokens": ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"] } }""",
            """{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }""",
            Tenant("small", """ "policy": { "maxPixels": 250000, "maxQuantity": 2 } """),
            Tenant("poor", """ "quota": { "imagesPerDay": 1 } """),
            Tenant("slow", """ "quota": { "requestsPerMinute": 1 } """)
        );

    public static (string, string) As(string tenant) => ("authorization", $"Bearer {tenant}");

    public static Task<GatewayApp> StartAsync(double jobSeconds = 1, Uri? upstream = null) =>
        GatewayApp.StartAsync(
            Tenants,
            upstream,
            new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = jobSeconds },
            settings: [("OpenAi:Aliases:0", "dall-e-2"), ("OpenAi:Aliases:1", "gpt-image-1")]
        );

    /// <summary>Small images, which are drawn quickly.</summary>
    public static string Body(string prompt, string members = "") =>
        $$"""{"prompt":"{{prompt}}","size":"256x256"{{(members.Length == 0 ? "" : "," + members)}}}""";

    public static Task<HttpResponseMessage> MakeImagesAsync(this GatewayApp gateway, string json, params (string, string)[] headers) =>
        gateway.EndsAsync(gateway.PostAsync(json, ImagesPath, headers));

    public static Task<HttpResponseMessage> EditImagesAsync(this GatewayApp gateway, HttpContent form, params (string, string)[] headers) =>
        gateway.EndsAsync(gateway.SendAsync(HttpMethod.Post, EditsPath, form, headers));

    /// <summary>Lets the clock pass until there is an answer.</summary>
    public static async Task<T> EndsAsync<T>(this GatewayApp gateway, Task<T> call)
    {
        var began = gateway.Time.GetUtcNow();
        await gateway.PassAsync(() => call.IsCompleted || gateway.Time.GetUtcNow() - began > TimeSpan.FromSeconds(10));
        // What is still awaited now is the end of a wait: larger steps are as slow, and less work.
        await Eventually.HoldsAsync(async () =>
        {
            if (call.IsCompleted)
                return true;
            gateway.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
            return call.IsCompleted;
        });
        return await call;
    }

    /// <summary>
    /// The same for a generation that takes longer than the answer waits: the clock passes once it is paid.
    /// </summary>
    /// <param name="seconds">Of the generation. Those that follow take one second again.</param>
    public static async Task<T> TimesOutAsync<T>(this GatewayApp gateway, string prompt, int seconds, Func<Task<T>> call)
    {
        gateway.Leonardo.Change(new() { Seconds = seconds });
        var answer = call();
        await Eventually.HoldsAsync(() => gateway.Charges(prompt) == 1);
        gateway.Leonardo.Change(new() { Seconds = 1 });
        return await gateway.EndsAsync(answer);
    }

    /// <summary>Checks that the answer has images, and returns it.</summary>
    public static async Task<JsonNode> ImagesAsync(this HttpResponseMessage response, int count = 1)
    {
        var text = await response.TextAsync();
        ((int)response.StatusCode).ShouldBe(200, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var answer = JsonNode.Parse(text)!;
        answer["data"]!.AsArray().Count.ShouldBe(count);
        answer["output_format"]!.GetValue<string>().ShouldBe("jpeg");
        answer["created"]!.GetValue<long>().ShouldBeGreaterThan(1_700_000_000);
        return answer;
    }

    /// <summary>Checks that the answer is this error, in OpenAI's form alone, and returns it.</summary>
    public static async Task<JsonNode> ErrorAsync(
        this HttpResponseMessage response,
        int status,
        string type,
        string code,
        string? param = null
    )
    {
        var text = await response.TextAsync();
        ((int)response.StatusCode).ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var answer = JsonNode.Parse(text)!.AsObject();
        answer.Count.ShouldBe(1);
        var error = answer["error"]!.AsObject();
        error.Select(member => member.Key).ShouldBe(["message", "type", "param", "code"]);
        error["message"]!.GetValue<string>().ShouldNotBeEmpty();
        (error["type"]!.GetValue<string>(), error["code"]!.GetValue<string>(), error["param"]?.GetValue<string>()).ShouldBe(
            (type, code, param),
            text
        );
        return error;
    }

    public static Task<JsonNode> InvalidAsync(this HttpResponseMessage response, string? param) =>
        response.ErrorAsync(400, "invalid_request_error", "invalid_value", param);

    public static byte[] Bytes(this JsonNode image) => Convert.FromBase64String(image["b64_json"]!.GetValue<string>());

    public static string? Header(this HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    /// <summary>The bodies of the creations that Leonardo received with this prompt.</summary>
    public static JsonNode[] Sent(this GatewayApp gateway, string prompt) =>
        [
            .. gateway
                .Leonardo.Received.Where(request => request is { Method: "POST", Path: "/api/rest/v2/generations" })
                .Select(request => JsonNode.Parse(request.Text)!)
                .Where(body => body["parameters"]!["prompt"]!.GetValue<string>() == prompt),
        ];

    /// <summary>Charges of Leonardo's for this prompt.</summary>
    public static int Charges(this GatewayApp gateway, string prompt) => gateway.Leonardo.Invoice.Count(charge => charge.Prompt == prompt);

    public static MultipartFormDataContent Form(string prompt, string field, params byte[][] files)
    {
        var form = new MultipartFormDataContent { { new StringContent(prompt), "prompt" }, { new StringContent("256x256"), "size" } };
        foreach (var file in files)
            form.Add(new ByteArrayContent(file), field, "blob");
        return form;
    }

    /// <summary>Identified by a token that is its id.</summary>
    public static string Tenant(string id, string members)
    {
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(id)));
        return $$"""{ "id": "{{id}}", "identify": { "tokens": ["sha256:{{digest}}"] }, {{members}} }""";
    }
}
