using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Generations;

/// <summary>
/// The request table of docs/api.md, row by row: what is accepted and then sent to Leonardo, and what is refused
/// without sending anything.
/// </summary>
public sealed class RequestRulesTests : IClassFixture<GatewayFixture>
{
    private const string Uuid = "fc6f78c6-e7ac-491b-ad26-01f6843db870";

    private readonly GatewayApp _gateway;
    private readonly int _receivedBefore;

    public RequestRulesTests(GatewayFixture fixture)
    {
        _gateway = fixture.Gateway;
        _receivedBefore = _gateway.Leonardo.Received.Count;
    }

    [Fact]
    public async Task The_guides_example_without_references_is_accepted()
    {
        var response = await _gateway.PostAsync(
            """
            {
              "public": false,
              "model": "flux-pro-2.0",
              "parameters": { "prompt": "A cat wearing a hat", "quantity": 1, "width": 1440, "height": 1440, "seed": 4294967295 }
            }
            """
        );

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var generate = (await response.JsonAsync())["generate"]!;
        var id = generate["generationId"]!.GetValue<string>();
        Guid.TryParseExact(id, "D", out _).ShouldBeTrue();
        generate["cost"]!.ToJsonString().ShouldBe("""{"amount":"0.0837","unit":"DOLLARS"}""");
        response.Headers.Location!.OriginalString.ShouldBe("/v1/generations/" + id);
        Sent()["parameters"]!["seed"]!.GetValue<uint>().ShouldBe(4294967295);
    }

    [Theory]
    [InlineData("/v2/generations")]
    [InlineData("/api/rest/v2/generations")]
    public async Task The_same_is_served_where_the_upstream_has_it_and_a_left_over_key_is_not_forwarded(string path)
    {
        const string LeftOver = "6e0f6f36-3c3c-4c1e-9d3c-0123456789ab";
        (await _gateway.PostAsync(GatewayApp.Guide, path, ("authorization", "Bearer " + LeftOver))).StatusCode.ShouldBe(HttpStatusCode.OK);
        _gateway.Leonardo.Received[^1].Header("authorization").ShouldBe("Bearer " + _gateway.Leonardo.Key);
    }

    [Theory]
    [InlineData("width", "256")]
    [InlineData("width", "1440")]
    [InlineData("height", "256")]
    [InlineData("height", "1440")]
    [InlineData("quantity", "1")]
    [InlineData("quantity", "8")]
    [InlineData("seed", "0")]
    [InlineData("seed", "4294967295")]
    [InlineData("prompt_enhance", "\"ON\"")]
    [InlineData("prompt_enhance", "\"OFF\"")]
    [InlineData("style_ids", "[\"111dc692-d470-4eec-b791-3475abac4c46\"]")]
    public async Task A_bound_itself_is_accepted_and_forwarded(string name, string value)
    {
        (await _gateway.PostAsync(With(name, value))).StatusCode.ShouldBe(HttpStatusCode.OK);
        Sent()["parameters"]![name]!.ToJsonString().ShouldBe(value);
    }

    [Theory]
    [InlineData("style_ids", "[]")]
    [InlineData("guidances", "{}")]
    [InlineData("guidances", """{"image_reference":[]}""")]
    public async Task An_empty_list_is_the_same_as_none(string name, string value)
    {
        (await _gateway.PostAsync(With(name, value))).StatusCode.ShouldBe(HttpStatusCode.OK);
        Sent()["parameters"]!.AsObject().ContainsKey(name).ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_left_out_is_sent_as_its_default()
    {
        await _gateway.PostAsync(GatewayApp.Guide);
        var sent = Sent();
        sent["public"]!.GetValue<bool>().ShouldBeFalse();
        var parameters = sent["parameters"]!.AsObject();
        parameters["width"]!.GetValue<int>().ShouldBe(1440);
        parameters["height"]!.GetValue<int>().ShouldBe(1440);
        parameters["quantity"]!.GetValue<int>().ShouldBe(1);
        parameters["prompt_enhance"]!.GetValue<string>().ShouldBe("OFF");
        parameters.Select(member => member.Key).ShouldBe(["prompt", "quantity", "width", "height", "seed", "prompt_enhance"]);
    }

    [Theory]
    [InlineData("width", "1440")]
    [InlineData("height", "1440")]
    [InlineData("quantity", "1")]
    [InlineData("prompt_enhance", "\"OFF\"")]
    [InlineData("style_ids", null)]
    [InlineData("guidances", null)]
    public async Task Null_in_an_optional_member_means_absent(string name, string? sent)
    {
        (await _gateway.PostAsync(With(name, "null"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        Sent()["parameters"]![name]?.ToJsonString().ShouldBe(sent);
        Sent()["parameters"]!.AsObject().ContainsKey(name).ShouldBe(sent is not null);
    }

    [Fact]
    public async Task Null_everywhere_it_may_be_is_the_same_request_for_an_idempotency_key()
    {
        const string Nulls = """
            {"model":"flux-pro-2.0","public":null,"parameters":{"prompt":"A cat","width":null,"height":null,"quantity":null,
             "seed":null,"prompt_enhance":null,"style_ids":null,"guidances":null}}
            """;
        const string Absent = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat"}}""";
        var before = _gateway.Leonardo.Invoice.Count;
        (await _gateway.PostAsync(Absent, headers: ("Idempotency-Key", "null-or-absent"))).StatusCode.ShouldBe(HttpStatusCode.OK);

        var again = await _gateway.PostAsync(Nulls, headers: ("Idempotency-Key", "null-or-absent"));

        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        _gateway.Leonardo.Invoice.Count.ShouldBe(before + 1);
    }

    [Fact]
    public async Task A_new_seed_is_drawn_for_each_request_without_one()
    {
        var seeds = new HashSet<uint>();
        for (var i = 0; i < 4; i++)
        {
            await _gateway.PostAsync(GatewayApp.Guide);
            seeds.Add(Sent()["parameters"]!["seed"]!.GetValue<uint>());
        }
        seeds.Count.ShouldBe(4);
    }

    [Theory]
    [InlineData("width", "255", "out-of-range")]
    [InlineData("width", "1441", "out-of-range")]
    [InlineData("width", "4294967552", "out-of-range")]
    [InlineData("width", "99999999999999999999999", "out-of-range")]
    [InlineData("width", "256.0", "wrong-type")]
    [InlineData("width", "1e3", "wrong-type")]
    [InlineData("width", "\"1024\"", "wrong-type")]
    [InlineData("height", "255", "out-of-range")]
    [InlineData("height", "1441", "out-of-range")]
    [InlineData("height", "[1024]", "wrong-type")]
    [InlineData("quantity", "0", "out-of-range")]
    [InlineData("quantity", "9", "out-of-range")]
    [InlineData("quantity", "-1", "out-of-range")]
    [InlineData("seed", "-1", "out-of-range")]
    [InlineData("seed", "4294967296", "out-of-range")]
    [InlineData("seed", "true", "wrong-type")]
    [InlineData("prompt", "\"\"", "blank")]
    [InlineData("prompt", "\" \\t\\n\"", "blank")]
    [InlineData("prompt", "\"\\u200b\"", "blank")]
    [InlineData("prompt", "\"\\u200b\\u200c\\u200d\\u2060\\ufeff\\u00ad\"", "blank")]
    [InlineData("prompt", "\" \\u200b\\t\\u2060 \\u00a0\\ufeff\"", "blank")]
    [InlineData("prompt", "\"\\u202e\\u061c\\u180e\\udb40\\udc41\"", "blank")]
    [InlineData("prompt", "7", "wrong-type")]
    [InlineData("prompt", "null", "required")]
    [InlineData("with", "null", "unknown-member")]
    [InlineData("prompt", "\"\\ud800\"", "invalid-unicode")]
    [InlineData("prompt_enhance", "\"AUTO\"", "not-allowed")]
    [InlineData("prompt_enhance", "\"on\"", "not-allowed")]
    [InlineData("prompt_enhance", "true", "wrong-type")]
    [InlineData("style_ids", "\"x\"", "wrong-type")]
    [InlineData("guidances", "[]", "wrong-type")]
    public async Task A_broken_rule_is_named_by_pointer_and_code(string name, string value, string code)
    {
        var problem = await (await _gateway.PostAsync(With(name, value))).ProblemAsync(400, "validation");
        problem.Codes().ShouldBe([$"#/parameters/{name} {code}"]);
        NothingWasSent();
    }

    [Theory]
    [InlineData("""{"parameters":{"prompt":"x"}}""", "#/model required")]
    [InlineData("""{"model":"flux-pro-3","parameters":{"prompt":"x"}}""", "#/model unknown-model")]
    [InlineData("""{"model":7,"parameters":{"prompt":"x"}}""", "#/model wrong-type")]
    [InlineData("""{"model":null,"parameters":{"prompt":"x"}}""", "#/model required")]
    [InlineData("""{"model":"flux-pro-2.0"}""", "#/parameters required")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":null}""", "#/parameters required")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":{}}""", "#/parameters/prompt required")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":[]}""", "#/parameters wrong-type")]
    [InlineData("""{"model":"flux-pro-2.0","public":"no","parameters":{"prompt":"x"}}""", "#/public wrong-type")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":{"prompt":"x"},"tenant_id":"other"}""", "#/tenant_id unknown-member")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":{"prompt":"x","Width":512}}""", "#/parameters/Width unknown-member")]
    [InlineData("""{"model":"flux-pro-2.0","parameters":{"prompt":"x","webhook/url":"y"}}""", "#/parameters/webhook~1url unknown-member")]
    [InlineData("[]", "# wrong-type")]
    public async Task A_broken_structure_is_named_by_pointer_and_code(string body, params string[] codes)
    {
        var problem = await (await _gateway.PostAsync(body)).ProblemAsync(400, "validation");
        problem.Codes().ShouldBe(codes);
        NothingWasSent();
    }

    [Theory]
    [InlineData("""[{"image":{"type":"GENERATED"}}]""", "/0/image/id required")]
    [InlineData("""[{"image":{"id":"x","type":"GENERATED"}}]""", "/0/image/id not-a-uuid")]
    [InlineData("""[{"image":{"id":"fc6f78c6-e7ac-491b-ad26-01f6843db870 ","type":"GENERATED"}}]""", "/0/image/id not-a-uuid")]
    [InlineData("""[{"image":{"id":"http://169.254.169.254/","type":"GENERATED"}}]""", "/0/image/id not-a-uuid")]
    [InlineData("""[{"image":{"id":"fc6f78c6-e7ac-491b-ad26-01f6843db870"}}]""", "/0/image/type required")]
    [InlineData("""[{"image":{"id":"fc6f78c6-e7ac-491b-ad26-01f6843db870","type":"URL"}}]""", "/0/image/type not-allowed")]
    [InlineData(
        """[{"image":{"id":"fc6f78c6-e7ac-491b-ad26-01f6843db870","type":"UPLOADED","url":"http://x"}}]""",
        "/0/image/id unknown-reference",
        "/0/image/url unknown-member"
    )]
    [InlineData(
        """[{"image":{"id":"fc6f78c6-e7ac-491b-ad26-01f6843db870","type":"UPLOADED"},"strength":"MAX"}]""",
        "/0/image/id unknown-reference",
        "/0/strength not-allowed"
    )]
    [InlineData("""[{"strength":"LOW"}]""", "/0/image required")]
    [InlineData("""[{"image":null}]""", "/0/image required")]
    [InlineData("""[{"image":{"id":null,"type":null}}]""", "/0/image/id required", "/0/image/type required")]
    [InlineData("""[7]""", "/0 wrong-type")]
    [InlineData("""[null]""", "/0 wrong-type")]
    public async Task A_broken_reference_is_named_by_its_place(string references, params string[] codes)
    {
        var problem = await (await _gateway.PostAsync(With("guidances", $$"""{"image_reference":{{references}}}"""))).ProblemAsync(
            400,
            "validation"
        );
        problem.Codes().ShouldBe(codes.Select(code => "#/parameters/guidances/image_reference" + code));
        NothingWasSent();
    }

    [Fact]
    public async Task A_fifth_reference_is_one_too_many()
    {
        var five = string.Join(',', Enumerable.Repeat($$$"""{"image":{"id":"{{{Uuid}}}","type":"UPLOADED"}}""", 5));
        var problem = await (await _gateway.PostAsync(With("guidances", $$"""{"image_reference":[{{five}}]}"""))).ProblemAsync(
            400,
            "validation"
        );
        problem.Codes().ShouldBe(["#/parameters/guidances/image_reference too-many"]);
    }

    [Fact]
    public async Task A_style_must_be_a_uuid_and_not_be_repeated()
    {
        var problem = await (
            await _gateway.PostAsync(With("style_ids", $$"""["{{Uuid}}","{{Uuid.ToUpperInvariant()}}","x",7]"""))
        ).ProblemAsync(400, "validation");
        problem
            .Codes()
            .ShouldBe(["#/parameters/style_ids/1 duplicate", "#/parameters/style_ids/2 not-a-uuid", "#/parameters/style_ids/3 wrong-type"]);
    }

    [Fact]
    public async Task Five_errors_are_reported_in_one_answer()
    {
        var problem = await (
            await _gateway.PostAsync(
                """{"model":"flux-pro-2.0","public":1,"parameters":{"prompt":" ","width":100,"quantity":"2","prompt_enhance":"MAYBE"}}"""
            )
        ).ProblemAsync(400, "validation");
        problem
            .Codes()
            .ShouldBe([
                "#/parameters/prompt blank",
                "#/parameters/prompt_enhance not-allowed",
                "#/parameters/quantity wrong-type",
                "#/parameters/width out-of-range",
                "#/public wrong-type",
            ]);
    }

    [Fact]
    public async Task A_prompt_may_have_9999_characters_and_no_more()
    {
        (await _gateway.PostAsync(With("prompt", $"\"{new string('ä', 9999)}\""))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _gateway.PostAsync(With("prompt", $"\"{string.Concat(Enumerable.Repeat("🐈", 9999))}\""))).StatusCode.ShouldBe(
            HttpStatusCode.OK
        );
        var problem = await (await _gateway.PostAsync(With("prompt", $"\"{new string('x', 10000)}\""))).ProblemAsync(400, "validation");
        problem.Codes().ShouldBe(["#/parameters/prompt too-long"]);
    }

    private static string With(string name, string value) =>
        name == "prompt"
            ? $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":{{{value}}}}}"""
            : $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","{{{name}}}":{{{value}}}}}""";

    private JsonNode Sent() => JsonNode.Parse(_gateway.Leonardo.Received[^1].Body.Span)!;

    private void NothingWasSent() => _gateway.Leonardo.Received.Count.ShouldBe(_receivedBefore);
}
