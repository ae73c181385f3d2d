using System.Net.Http.Headers;
using System.Text;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests;

/// <summary>
/// Sends a unique key and a unique prompt through the gateway, with success and with every fault, and searches all
/// output for them.
/// </summary>
public sealed class CanaryTests
{
    private const string PromptCanary = "kestrel-over-dunes-4711";

    private static readonly string[] Scripted =
    [
        .. Faults.Names("post").Where(fault => fault is not ("hang" or "hang-after" or "endless-body" or "slow-body")),
    ];

    private static readonly string[] Paths =
    [
        .. (string[])["/v1/usage", "/v2/models", "/health/live", "/health/ready", "/metrics"],
        .. (string[])["/problems", "/swagger/v1/swagger.json", "/nowhere"],
    ];

    [Fact]
    public async Task The_key_and_the_prompt_are_found_in_nothing_that_leaves_the_gateway_but_the_request_itself()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await using var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 0 },
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(
            folder,
            ("Leonardo__ApiKey", leonardo.Key),
            ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ConcurrentGenerations", "1000"),
            ("Leonardo__GenerationsPerMinute", "10000"),
            ("Leonardo__Timeout", "00:00:02"),
            ("Logging__Level", "Verbose")
        );

        var seen = new StringBuilder();
        await SendGenerationsAsync(leonardo, gateway, seen);
        foreach (var path in Paths)
            await RecordAsync(gateway, seen, HttpMethod.Get, path);
        await gateway.StopAsync();

        leonardo
            .Received.Count(request => request.Header("authorization") == "Bearer " + leonardo.Key)
            .ShouldBeGreaterThanOrEqualTo(Scripted.Length);
        foreach (var (source, text) in new[] { ("responses", seen.ToString()), ("output", gateway.Output) })
        {
            text.ShouldNotContain(leonardo.Key, Case.Insensitive, source);
            text.ShouldNotContain(leonardo.AccountUserId, Case.Insensitive, source);
            text.ShouldNotContain(PromptCanary, Case.Insensitive, source);
        }
    }

    private static async Task SendGenerationsAsync(LeonardoSimulator leonardo, GatewayProcess gateway, StringBuilder seen)
    {
        foreach (var fault in Scripted.Prepend("ok"))
        {
            leonardo.ScriptNext(fault);
            var body = $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{PromptCanary}} [{{fault}}]","width":256,"height":256} }""";
            await RecordAsync(gateway, seen, HttpMethod.Post, "/v2/generations", body);
        }
        string[] refused =
        [
            $$"""{"model":"{{PromptCanary}}","parameters":{"prompt":"{{PromptCanary}}" """,
            $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{PromptCanary}}","width":1} }""",
        ];
        foreach (var body in refused)
            await RecordAsync(gateway, seen, HttpMethod.Post, "/v2/generations", body);
        string[] calls =
        [
            $$"""{"name":"generate_image","arguments":{"prompt":"{{PromptCanary}}","width":256,"height":256} }""",
            $$"""{"name":"generate_image","arguments":{"prompt":"{{PromptCanary}}","width":1} }""",
            $$"""{"name":"generate_image","arguments":{"prompt":["{{PromptCanary}}"]} }""",
            $$"""{"name":"generate_image","arguments":{"prompt":{"{{PromptCanary}}":"{{PromptCanary}}"} } }""",
            $$"""{"name":"{{PromptCanary}}"}""",
            $$"""{"name":["{{PromptCanary}}"]}""",
        ];
        foreach (var call in calls)
            await RecordAsync(
                gateway,
                seen,
                HttpMethod.Post,
                "/mcp",
                $$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{call}} }"""
            );
    }

    private static async Task RecordAsync(GatewayProcess gateway, StringBuilder seen, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream, */*");
        if (body is not null)
            request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        seen.Append(response).Append(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
