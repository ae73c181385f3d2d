using System.Net;
using System.Text.Json.Nodes;
using Gateway.Edge.Problems;
using Gateway.Models;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>The OpenAPI document says what the gateway does.</summary>
public sealed class DocumentTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    [Fact]
    public async Task The_limits_of_a_request_come_from_the_models()
    {
        var schemas = (await DocumentAsync())["components"]!["schemas"]!;
        var parameters = schemas["GenerationParameters"]!["properties"]!;
        var models = ModelCatalogue.All;
        foreach (
            var (name, range) in new (string, Func<ImageModel, NumberRange>)[]
            {
                ("width", model => model.Width),
                ("height", model => model.Height),
                ("quantity", model => model.Quantity),
                ("seed", model => model.Seed),
            }
        )
        {
            parameters[name]!["minimum"]!.GetValue<long>().ShouldBe(models.Min(model => range(model).Min), name);
            parameters[name]!["maximum"]!.GetValue<long>().ShouldBe(models.Max(model => range(model).Max), name);
            if (models.Select(model => range(model).Default).Distinct().ToList() is [{ } one])
                parameters[name]!["description"]!.GetValue<string>().ShouldEndWith($"If left out: {one}.");
        }
        schemas["GenerationBody"]!["properties"]!["model"]!["description"]!
            .GetValue<string>()
            .ShouldEndWith($"Known values: {string.Join(", ", models.Select(model => model.Name))}.");
        parameters["prompt"]!["maxLength"]!.GetValue<int>().ShouldBe(models.Max(model => model.PromptMaxLength));
        parameters["prompt"]!["minLength"]!.GetValue<int>().ShouldBe(1);
        Strings(parameters["prompt_enhance"]!["enum"]).ShouldBe(["ON", "OFF"]);
        schemas["Guidances"]!["properties"]!["image_reference"]!["maxItems"]!
            .GetValue<int>()
            .ShouldBe(models.Max(model => model.MaxReferences));
        Strings(schemas["ImageReference"]!["properties"]!["strength"]!["enum"]).ShouldBe(["LOW", "MID", "HIGH"]);
        Strings(schemas["ReferencedImage"]!["properties"]!["type"]!["enum"]).ShouldBe(["GENERATED", "UPLOADED"]);
        Strings(schemas["GenerationBody"]!["required"]).ShouldBe(["model", "parameters"], ignoreOrder: true);
        foreach (var name in new[] { "GenerationBody", "GenerationParameters", "Guidances", "ImageReference", "ReferencedImage" })
            schemas[name]!["additionalProperties"]!.GetValue<bool>().ShouldBeFalse(name);
    }

    [Fact]
    public async Task Every_member_of_the_request_is_described()
    {
        var schemas = (await DocumentAsync())["components"]!["schemas"]!;
        foreach (var name in new[] { "GenerationBody", "GenerationParameters", "Guidances", "ImageReference", "ReferencedImage" })
        {
            foreach (var (member, schema) in schemas[name]!["properties"]!.AsObject())
                (schema!["description"] ?? schema["allOf"]?[0]?["description"] ?? schema["$ref"]).ShouldNotBeNull($"{name}.{member}");
        }
        schemas["GenerationParameters"]!["description"]!.GetValue<string>().ShouldContain("| 16:9 | 1440 | 810 |");
    }

    [Fact]
    public async Task Each_example_of_a_request_does_what_its_summary_says()
    {
        var post = (await DocumentAsync())["paths"]!["/v2/generations"]!["post"]!;
        var upload = await _gateway.SendAsync(HttpMethod.Post, "/v1/uploads", TwoTenants.Form(TwoTenants.Png, "x.png"));
        var id = (await upload.JsonAsync())["id"]!.GetValue<string>();
        var outcomes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, example) in ContractCalls.ExamplesOf(post["requestBody"]!["content"]!["application/json"]!))
        {
            example["parameters"]!["seed"].ShouldBeNull("with a fixed seed everybody gets the same picture");
            if (example["parameters"]!["guidances"]?["image_reference"]![0]!["image"] is { } image)
                image["id"] = id;
            var quote = await _gateway.PostAsync(example.ToJsonString(), "/v2/generations/quote");
            var answer = await _gateway.PostAsync(example.ToJsonString());
            quote.StatusCode.ShouldBe(answer.StatusCode);
            outcomes[name] = answer.IsSuccessStatusCode
                ? $"{(await quote.JsonAsync())["images"]} {_gateway.Leonardo.Invoice[^1].References}"
                : string.Join(' ', (await answer.ProblemAsync(400, "validation")).Codes());
        }
        outcomes.ShouldBe(
            new Dictionary<string, string>
            {
                ["plain"] = "1 0",
                ["styled"] = "1 0",
                ["reference"] = "1 1",
                ["fourImages"] = "4 0",
                ["wrong"] = "#/model unknown-model",
            }
        );
    }

    private static readonly string[] OnlyOfAdmin = ["not-unknown", "too-many-attempts"];

    [Fact]
    public async Task Creating_a_generation_documents_every_problem_it_can_answer_with()
    {
        var responses = (await DocumentAsync())["paths"]!["/v2/generations"]!["post"]!["responses"]!.AsObject();
        var documented = responses.SelectMany(response =>
            response.Value!["content"]?["application/problem+json"]?["examples"]?.AsObject().Select(example => example.Key) ?? []
        );
        string[] elsewhere = ["not-found", "method-not-allowed", "range-not-satisfiable", "timeout", "job-not-queued", .. OnlyOfAdmin];
        documented
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ShouldBe(ProblemTypes.All.Select(type => type.Name).Except(elsewhere).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_body_and_answer_has_an_example_that_matches_its_schema()
    {
        var contract = await OpenApiContract.ReadAsync(_gateway);
        var contents = contract.Operations.SelectMany(operation =>
            operation
                .Responses.AsObject()
                .Select(answer => (operation, Of: $"{operation} {answer.Key}", Content: answer.Value!["content"]))
                .Append((operation, $"{operation}", operation.Node["requestBody"]?["content"]))
        );
        foreach (var (operation, of, content) in contents)
        {
            foreach (var (type, form) in content?.AsObject() ?? [])
            {
                if (!type.StartsWith("image/", StringComparison.Ordinal) && type is not ("multipart/form-data" or "text/event-stream"))
                    (form!["example"] ?? form["examples"]).ShouldNotBeNull($"{of} {type}");
                // Examples of problems are references; they are checked below.
                foreach (var (_, example) in ContractCalls.ExamplesOf(form!))
                    operation.Validate(form!["schema"]!, example).ShouldBeEmpty($"{of} {type}");
            }
        }
        foreach (var (name, example) in (await DocumentAsync())["components"]!["examples"]!.AsObject())
            contract.Validate("Problem", example!["value"]!).ShouldBeEmpty(name);
    }

    [Theory]
    [InlineData("order-4711", true)]
    [InlineData("\"order 4711, \\\"a\\\"\"", true)]
    [InlineData("a b", false)]
    [InlineData("a;b", false)]
    [InlineData("\"", false)]
    [InlineData("\"a", false)]
    [InlineData("\"\\a\"", false)]
    public async Task The_gateway_accepts_exactly_the_idempotency_keys_that_match_the_document(string key, bool isOne) =>
        await KeyAsync(key, isOne);

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public async Task An_idempotency_key_may_be_as_long_as_the_document_says(int length, bool isOne)
    {
        await KeyAsync(new string('k', length), isOne);
        await KeyAsync($"\"{string.Concat(Enumerable.Repeat("\\\\", length))}\"", isOne);
    }

    [Fact]
    public async Task Every_query_parameter_has_the_limits_in_the_document()
    {
        await using var admin = await AdminGateway.StartAsync();
        var made = await admin.Gateway.MakeAsync(("X-Request-Id", "a-test"));
        Task<HttpResponseMessage> AskAsync(string path) =>
            path.StartsWith("/admin", StringComparison.Ordinal)
                ? admin.GetAsync(path)
                : admin.Gateway.GetAsync(
                    path.Replace("{id}", $"{made["id"]}", StringComparison.Ordinal)
                        .Replace("{imageId}", made.ImageId(), StringComparison.Ordinal)
                );
        var queries =
            from operation in (await OpenApiContract.ReadAsync(admin.Gateway)).Operations
            from parameter in operation.Node["parameters"]?.AsArray() ?? []
            where parameter!["in"]!.GetValue<string>() == "query"
            select (operation.Path, Name: parameter["name"]!.GetValue<string>(), Schema: parameter["schema"]!);
        foreach (var (path, name, schema) in queries)
        {
            var (least, most) = ((long?)schema["minimum"], (long?)schema["maximum"]);
            string[] good = [.. schema["enum"]?.AsArray().Select(word => $"{word}") ?? [], $"{least}", $"{most}", $"{schema["default"]}"];
            string[] bad = [schema["enum"] is null ? "" : "none", $"{least - 1}", $"{most + 1}", least is null ? "" : "1.5"];
            foreach (var (value, status) in good.Select(value => (value, 200)).Concat(bad.Select(value => (value, 400))))
            {
                if (value.Length > 0)
                    ((int)(await AskAsync($"{path}?{name}={value}")).StatusCode).ShouldBe(status, $"{path}?{name}={value}");
            }
        }
    }

    private async Task KeyAsync(string key, bool isOne)
    {
        var contract = await OpenApiContract.ReadAsync(_gateway);
        var operation = contract.Operations.Single(operation => operation.Is("POST", "/v2/generations"));
        (operation.Validate(operation.Node["parameters"]![0]!["schema"]!, key).Count == 0).ShouldBe(isOne);
        var answer = await _gateway.PostAsync("{}", headers: ("Idempotency-Key", key));
        ((await answer.JsonAsync())["type"]!.GetValue<string>() == "/problems/validation").ShouldBe(isOne);
    }

    private async Task<JsonNode> DocumentAsync() => await (await _gateway.GetAsync("/openapi/v1.json")).JsonAsync();

    private static string[] Strings(JsonNode? array) => [.. array!.AsArray().Select(item => item!.GetValue<string>())];
}
