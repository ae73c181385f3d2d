using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Mcp;

/// <summary>Sends messages to <c>/mcp</c> as a host does, one by one.</summary>
internal static class McpHost
{
    /// <summary>Calls a tool, and advances the clock until it is answered.</summary>
    /// <returns>The result.</returns>
    public static async Task<JsonNode> CallAsync(
        this GatewayApp gateway,
        string tool,
        JsonObject arguments,
        params (string Name, string Value)[] headers
    )
    {
        var answer = await gateway.CallRawAsync(tool, arguments, headers);
        return answer["result"].ShouldNotBeNull(answer.ToJsonString());
    }

    /// <returns>The whole message: a result or an error.</returns>
    public static async Task<JsonNode> CallRawAsync(
        this GatewayApp gateway,
        string tool,
        JsonObject arguments,
        params (string Name, string Value)[] headers
    )
    {
        var sending = gateway.SendMessageAsync("tools/call", new JsonObject { ["name"] = tool, ["arguments"] = arguments }, headers);
        await gateway.PassAsync(() => sending.IsCompleted);
        using var response = await sending;
        return await response.MessageAsync();
    }

    public static async Task<JsonNode> AskAsync(
        this GatewayApp gateway,
        string method,
        JsonObject? parameters = null,
        params (string Name, string Value)[] headers
    )
    {
        using var response = await gateway.SendMessageAsync(method, parameters, headers);
        return await response.MessageAsync();
    }

    public static Task<HttpResponseMessage> SendMessageAsync(
        this GatewayApp gateway,
        string method,
        JsonObject? parameters = null,
        params (string Name, string Value)[] headers
    ) => gateway.PostMessageAsync(Message(method, parameters), headers);

    public static Task<HttpResponseMessage> PostMessageAsync(
        this GatewayApp gateway,
        string message,
        params (string Name, string Value)[] headers
    )
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(message));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return gateway.SendAsync(HttpMethod.Post, "/mcp", content, [("Accept", "application/json, text/event-stream"), .. headers]);
    }

    public static string Message(string method, JsonObject? parameters = null) =>
        new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 1,
            ["method"] = method,
            ["params"] = parameters ?? [],
        }.ToJsonString();

    /// <returns>The last message of the answer; those before it are notifications.</returns>
    public static async Task<JsonNode> MessageAsync(this HttpResponseMessage response)
    {
        var text = await response.TextAsync();
        var last = text.Split('\n').LastOrDefault(line => line.StartsWith("data:", StringComparison.Ordinal));
        return JsonNode.Parse(last?["data:".Length..] ?? text)!;
    }

    /// <summary>Checks that the result is this refusal in every form, and returns the problem.</summary>
    public static JsonNode Refusal(this JsonNode result, string name)
    {
        result["isError"].ShouldNotBeNull(result.ToJsonString()).GetValue<bool>().ShouldBeTrue(result.ToJsonString());
        var problem = result["structuredContent"]!["problem"]!;
        problem["type"]!.GetValue<string>().ShouldBe("/problems/" + name);
        result["content"]![0]!["text"]!.GetValue<string>().ShouldBe($"{problem["title"]}. {problem["detail"]}");
        return problem;
    }

    public static JsonNode Structured(this JsonNode result)
    {
        (result["isError"]?.GetValue<bool>() ?? false).ShouldBeFalse(result.ToJsonString());
        return result["structuredContent"]!;
    }

    public static string[] ContentTypes(this JsonNode result) =>
        [.. result["content"]!.AsArray().Select(block => block!["type"]!.GetValue<string>())];

    public static JsonObject Prompt(string prompt, params (string Name, JsonNode Value)[] more)
    {
        var arguments = new JsonObject { ["prompt"] = prompt };
        if (!more.Any(one => one.Name is "aspect_ratio" or "width"))
            (arguments["width"], arguments["height"]) = (256, 256);
        foreach (var (name, value) in more)
            arguments[name] = value;
        return arguments;
    }
}
