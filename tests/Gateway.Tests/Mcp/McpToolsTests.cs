using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Mcp;

/// <summary>What the tools give and refuse.</summary>
public sealed class McpToolsTests(McpFixture fixture) : IClassFixture<McpFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    private int Sent => _gateway.Leonardo.Received.Count(request => request.Path.EndsWith("/v2/generations", StringComparison.Ordinal));

    [Fact]
    public async Task The_eight_tools_say_what_they_take_and_whether_they_change_something()
    {
        var list = await _gateway.AskAsync("tools/list", null, TwoTenants.AsA);
        var tools = list["result"]!["tools"]!.AsArray().ToDictionary(tool => tool!["name"]!.GetValue<string>(), tool => tool!);

        string[] readOnly = ["get_generation", "list_generations", "list_models", "quota", "quote_image"];
        tools
            .Keys.Order(StringComparer.Ordinal)
            .ShouldBe([.. readOnly.Concat(["delete_generation", "generate_image", "upload_reference"]).Order(StringComparer.Ordinal)]);
        foreach (var (name, tool) in tools)
        {
            tool["description"]!.GetValue<string>().ShouldNotBeEmpty();
            tool["inputSchema"]!["type"]!.GetValue<string>().ShouldBe("object");
            tool["annotations"]!["readOnlyHint"]!.GetValue<bool>().ShouldBe(readOnly.Contains(name), name);
            tool["annotations"]!["destructiveHint"]!.GetValue<bool>().ShouldBe(name == "delete_generation", name);
        }
        tools["generate_image"]["description"]!.GetValue<string>().ShouldContain("Each image is charged");
        Arguments("generate_image")
            .ShouldBe([
                .. (string[])["aspect_ratio", "height", "idempotency_key", "model", "prompt", "quantity"],
                .. (string[])["reference_images", "seed", "style", "width"],
            ]);
        Arguments("quote_image").ShouldBe(Arguments("generate_image"));
        Arguments("get_generation").ShouldBe(["id", "wait_seconds"]);
        Arguments("list_generations").ShouldBe(["after", "limit"]);
        Arguments("upload_reference").ShouldBe(["data", "type"]);

        IEnumerable<string> Arguments(string name) =>
            tools[name]["inputSchema"]!["properties"]!.AsObject().Select(member => member.Key).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Images_are_content_up_to_700_KB_together_and_the_rest_are_links_that_can_be_read()
    {
        var arguments = McpHost.Prompt("Eight large cats", ("quantity", 8), ("aspect_ratio", "1:1"), ("seed", 7));
        var result = await _gateway.CallAsync("generate_image", arguments, TwoTenants.AsA);

        var made = result.Structured();
        made["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        var ids = made["images"]!.AsArray().Select(image => image!["id"]!.GetValue<string>()).ToList();
        ids.Count.ShouldBe(8);
        var images = result["content"]!.AsArray().Where(block => block!["type"]!.GetValue<string>() == "image").ToList();
        var links = result["content"]!.AsArray().Where(block => block!["type"]!.GetValue<string>() == "resource_link").ToList();
        images.ShouldNotBeEmpty();
        links.ShouldNotBeEmpty();
        images.Sum(image => Convert.FromBase64String(image!["data"]!.GetValue<string>()).Length).ShouldBeLessThanOrEqualTo(700_000);
        links
            .Select(link => link!["uri"]!.GetValue<string>())
            .ShouldBe(ids.Skip(images.Count).Select(id => $"leonardo://generations/{made["id"]}/images/{id}"));
        var read = await _gateway.AskAsync(
            "resources/read",
            new JsonObject { ["uri"] = links[^1]!["uri"]!.GetValue<string>() },
            TwoTenants.AsA
        );
        var bytes = await _gateway.GetAsync(new Uri(made["images"]![7]!["url"]!.GetValue<string>()).AbsolutePath, TwoTenants.AsA);
        Convert
            .FromBase64String(read["result"]!["contents"]![0]!["blob"]!.GetValue<string>())
            .ShouldBe(await bytes.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_arguments_are_sent_as_the_native_request_has_them()
    {
        var result = await _gateway.CallAsync(
            "generate_image",
            new JsonObject
            {
                ["prompt"] = "A styled cat",
                ["aspect_ratio"] = "16:9",
                ["quantity"] = 2,
                ["style"] = "Ray Traced",
                ["seed"] = 7,
                ["model"] = null,
            },
            TwoTenants.AsA
        );

        result.Structured()["images"]!.AsArray().Count.ShouldBe(2);
        _gateway
            .Leonardo.Received.Select(request => request.Text)
            .ShouldContain(
                """{"model":"flux-pro-2.0","public":false,"parameters":{"prompt":"A styled cat","quantity":2,"width":1440,"height":810,"seed":7,"prompt_enhance":"OFF","style_ids":["b504f83c-3326-4947-82e1-7fe9e839ec0f"]}}"""
            );
    }

    [Fact]
    public async Task A_refused_argument_is_the_native_problem_and_nothing_is_sent()
    {
        var before = Sent;
        var native = await (
            await _gateway.PostAsync(
                """{"model":"other","parameters":{"prompt":"","width":100,"quantity":9,"guidances":{"image_reference":[{"image":{"id":"x","type":"UPLOADED"}}]}}}""",
                headers: TwoTenants.AsA
            )
        ).ProblemAsync(400, "validation");
        var problem = (
            await _gateway.CallAsync(
                "generate_image",
                new JsonObject
                {
                    ["model"] = "other",
                    ["prompt"] = "",
                    ["width"] = 100,
                    ["quantity"] = 9,
                    ["reference_images"] = new JsonArray("x"),
                },
                TwoTenants.AsA
            )
        ).Refusal("validation");

        problem.Codes().ShouldBe(native.Codes());
        problem["detail"]!.GetValue<string>().ShouldBe(native["detail"]!.GetValue<string>());
        problem["status"]!.GetValue<int>().ShouldBe(400);
        Sent.ShouldBe(before);
    }

    [Theory]
    [InlineData("""{"prompt":"x","aspect_ratio":"4:3"}""", "#/aspect_ratio not-allowed")]
    [InlineData("""{"prompt":"x","aspect_ratio":"1:1","width":256}""", "#/aspect_ratio conflict")]
    [InlineData("""{"prompt":"x","style":"Crayon"}""", "#/style not-allowed")]
    [InlineData("""{"prompt":"x","idempotency_key":""}""", "#/idempotency_key malformed")]
    [InlineData("""{"prompt":"x","negative_prompt":"dog"}""", "#/negative_prompt unknown-member")]
    [InlineData("""{"prompt":"x","seed":99999999999999999999}""", "#/parameters/seed out-of-range")]
    [InlineData("""{"width":256}""", "#/parameters/prompt required")]
    [InlineData("""{"prompt":null}""", "#/parameters/prompt required")]
    [InlineData(
        """{"prompt":"x","reference_images":["1e0f6f36-3c3c-6c1e-9d3c-0123456789ab"]}""",
        "#/parameters/guidances/image_reference/0/image/id unknown-reference"
    )]
    public async Task What_only_the_tool_has_is_refused_in_the_same_form(string arguments, string code)
    {
        foreach (var tool in (string[])["generate_image", "quote_image"])
            (await _gateway.CallAsync(tool, JsonNode.Parse(arguments)!.AsObject(), TwoTenants.AsA))
                .Refusal("validation")
                .Codes()
                .ShouldBe([code]);
    }

    [Theory]
    [InlineData("generate_image", """{"prompt":5}""")]
    [InlineData("generate_image", """{"prompt":"x","quantity":"2"}""")]
    [InlineData("generate_image", """{"prompt":"x","quantity":1.5}""")]
    [InlineData("generate_image", """{"prompt":"x","width":256.0}""")]
    [InlineData("generate_image", """{"prompt":"x","reference_images":"id"}""")]
    [InlineData("generate_image", """{"prompt":"x","reference_images":[7]}""")]
    [InlineData("get_generation", """{"id":7}""")]
    [InlineData("list_generations", """{"limit":"all"}""")]
    [InlineData("upload_reference", """{"data":1,"type":"image/png"}""")]
    [InlineData("make_coffee", "{}")]
    [InlineData("GENERATE_IMAGE", """{"prompt":"x"}""")]
    public async Task An_unknown_tool_and_a_wrong_type_are_errors_of_the_protocol(string tool, string arguments)
    {
        var before = Sent;
        var answer = await _gateway.CallRawAsync(tool, JsonNode.Parse(arguments)!.AsObject(), TwoTenants.AsA);
        answer["error"]!["code"]!.GetValue<int>().ShouldBe(-32602);
        answer["error"]!["message"]!.GetValue<string>().ShouldNotContain("\"");
        Sent.ShouldBe(before);
    }

    [Fact]
    public async Task A_quote_is_the_native_one_and_makes_nothing()
    {
        var before = Sent;
        var quote = (await _gateway.CallAsync("quote_image", McpHost.Prompt("A cat", ("quantity", 3)), TwoTenants.AsB)).Structured();
        var native = await _gateway.PostAsync(
            """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","width":256,"height":256,"quantity":3}}""",
            "/v2/generations/quote",
            TwoTenants.AsB
        );
        quote.ToJsonString().ShouldBe((await native.JsonAsync()).ToJsonString());
        Sent.ShouldBe(before);
    }

    [Fact]
    public async Task Lists_models_and_usage_are_those_of_the_routes()
    {
        await _gateway.MakeAsync(TwoTenants.AsB, "First");
        await _gateway.MakeAsync(TwoTenants.AsB, "Second");
        var page = (await _gateway.CallAsync("list_generations", new JsonObject { ["limit"] = 1 }, TwoTenants.AsB)).Structured();
        page.ToJsonString().ShouldBe(await RouteAsync("/v1/generations?limit=1"));
        var next = page["next"]!.GetValue<string>();
        (await _gateway.CallAsync("list_generations", new JsonObject { ["limit"] = 1, ["after"] = next }, TwoTenants.AsB))
            .Structured()
            .ToJsonString()
            .ShouldBe(await RouteAsync("/v1/generations?limit=1&after=" + next));
        (await _gateway.CallAsync("list_generations", new JsonObject { ["limit"] = 101 }, TwoTenants.AsB))
            .Refusal("validation")
            .Codes()
            .ShouldBe(["#/limit out-of-range"]);
        (await _gateway.CallAsync("list_models", [], TwoTenants.AsB)).Structured().ToJsonString().ShouldBe(await RouteAsync("/v2/models"));
        (await _gateway.CallAsync("quota", [], TwoTenants.AsB)).Structured()["totals"]!
            .ToJsonString()
            .ShouldBe(JsonNode.Parse(await RouteAsync("/v1/usage"))!["totals"]!.ToJsonString());

        async Task<string> RouteAsync(string path) => (await (await _gateway.GetAsync(path, TwoTenants.AsB)).JsonAsync()).ToJsonString();
    }

    [Fact]
    public async Task Another_tenants_ids_are_those_that_do_not_exist()
    {
        var theirs = await _gateway.MakeAsync(TwoTenants.AsA);
        var id = theirs["id"]!.GetValue<string>();
        foreach (var tool in (string[])["get_generation", "delete_generation"])
        {
            var known = await ProblemAsync(tool, id);
            known["detail"]!
                .GetValue<string>()
                .ShouldBe((await ProblemAsync(tool, Guid.NewGuid().ToString()))["detail"]!.GetValue<string>());
        }
        foreach (
            var uri in (string[])[$"leonardo://generations/{id}/images/{theirs.ImageId()}", $"leonardo://generations/{id}", "leonardo://me"]
        )
        {
            var answer = await _gateway.AskAsync("resources/read", new JsonObject { ["uri"] = uri }, TwoTenants.AsB);
            answer["error"]!["code"]!.GetValue<int>().ShouldBe(-32002);
            answer["error"]!["data"]!["problem"]!["type"]!.GetValue<string>().ShouldBe("/problems/not-found");
        }
        (
            await _gateway.CallAsync(
                "generate_image",
                McpHost.Prompt("A cat", ("reference_images", new JsonArray(theirs.ImageId()))),
                TwoTenants.AsB
            )
        )
            .Refusal("validation")
            .Codes()
            .ShouldBe(["#/parameters/guidances/image_reference/0/image/id unknown-reference"]);
        (await _gateway.CallAsync("get_generation", new JsonObject { ["id"] = id }, TwoTenants.AsA)).Structured();

        async Task<JsonNode> ProblemAsync(string tool, string one) =>
            (await _gateway.CallAsync(tool, new JsonObject { ["id"] = one }, TwoTenants.AsB)).Refusal("not-found");
    }

    [Theory]
    [InlineData("not base64", "image/png", "#/data not-base64")]
    [InlineData("https://example.com/cat.png", "image/png", "#/data not-base64")]
    [InlineData("/9j/4AAAAAAAAAAAAAAAAAAA", "image/gif", "#/type not-allowed")]
    [InlineData("/9j/4AAAAAAAAAAAAAAAAAAA", "image/png", "#/file wrong-format")]
    public async Task A_reference_is_the_image_itself_of_the_type_it_states(string data, string type, string code) =>
        (await _gateway.CallAsync("upload_reference", new JsonObject { ["data"] = data, ["type"] = type }, TwoTenants.AsA))
            .Refusal("validation")
            .Codes()
            .ShouldBe([code]);

    [Fact]
    public async Task A_reference_of_more_than_5_MB_is_refused()
    {
        var file = new byte[5_000_001];
        TwoTenants.Png.CopyTo(file, 0);
        (
            await _gateway.CallAsync(
                "upload_reference",
                new JsonObject { ["data"] = Convert.ToBase64String(file), ["type"] = "image/png" },
                TwoTenants.AsA
            )
        ).Refusal("too-large");
    }
}
