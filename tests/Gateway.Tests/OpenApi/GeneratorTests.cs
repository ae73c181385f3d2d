using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>The documents avoid what code generators cannot use.</summary>
public sealed partial class GeneratorTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private const int MaxBytes = 260_000;

    private static readonly string[] Verbs =
    [
        .. (string[])["Cancel", "Delete", "Download", "Get", "List", "Make", "Quote", "Send", "Sign", "Start", "Upload"],
        .. (string[])["Check", "Find", "Raise", "Release", "Report", "Reset", "Resume", "Settle", "Suspend"],
    ];

    public static TheoryData<string> Documents => [.. ServedDocuments.Paths];

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Every_operation_has_an_id_of_letters_a_summary_that_begins_with_a_verb_and_a_description(string path)
    {
        var operations = ServedDocuments.OperationsOf(await fixture.Gateway.ReadDocumentAsync(path)).ToList();
        var ids = operations.Select(operation => $"{operation.Node["operationId"]}").ToList();
        ids.ShouldBeUnique();
        ids.Where(id => !LowerCamelCase().IsMatch(id)).ShouldBeEmpty();
        foreach (var (name, node) in operations)
        {
            var summary = $"{node["summary"]}";
            Verbs.ShouldContain(summary.Split(' ')[0], $"{name}: {summary}");
            Plain().IsMatch(summary).ShouldBeTrue($"{name}: {summary}");
            $"{node["description"]}".ShouldNotBeNullOrWhiteSpace(name);
            node["responses"]!.AsObject().Count.ShouldBeGreaterThan(1, name);
        }
    }

    [Theory]
    [InlineData("/openapi/v1.json", "/v1/", "/v2/")]
    [InlineData("/swagger/v1/swagger.json", "/v1/", "/v2/")]
    [InlineData("/openapi/admin.json", "/admin/")]
    public async Task Each_document_lists_its_own_routes_once_and_without_HEAD(string path, params string[] prefixes)
    {
        var document = await fixture.Gateway.ReadDocumentAsync(path);
        foreach (var (name, _) in ServedDocuments.OperationsOf(document))
        {
            var words = name.Split(' ');
            words[0].ShouldBeOneOf("get", "post", "delete");
            prefixes.ShouldContain(prefix => words[1].StartsWith(prefix, StringComparison.Ordinal), name);
        }
        document["servers"]!.AsArray().ShouldHaveSingleItem();
        document["tags"]!.AsArray().Select(tag => $"{tag!["description"]}").ShouldAllBe(text => text.Length > 0);
    }

    [Fact]
    public async Task The_tags_of_tenants_begin_with_generations()
    {
        var document = await fixture.Gateway.ReadDocumentAsync("/openapi/v1.json");
        document["tags"]!
            .AsArray()
            .Select(tag => $"{tag!["name"]}")
            .ShouldBe(["Generations", "Jobs", "Uploads", "Models", "Usage", "Session"]);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Headers_that_HTTP_libraries_set_are_no_parameters(string path)
    {
        var document = await fixture.Gateway.ReadDocumentAsync(path);
        ServedDocuments
            .OperationsOf(document)
            .SelectMany(operation => operation.Node["parameters"]?.AsArray() ?? [])
            .Where(parameter => $"{parameter!["in"]}" == "header")
            .Select(parameter => $"{parameter!["name"]}")
            .Except(["Idempotency-Key", "Prefer", "X-User-Label"])
            .ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Members_of_requests_have_no_default_and_can_be_null_if_they_are_optional(string path)
    {
        var document = await fixture.Gateway.ReadDocumentAsync(path);
        var bodies = ServedDocuments.OperationsOf(document).Select(operation => operation.Node["requestBody"]).ToList();
        bodies.ShouldAllBe(body => body == null || body["content"]!.AsObject().Count == 1);
        var schemas = ServedDocuments.SchemasUsedBy(document, bodies);
        schemas.Count.ShouldBeGreaterThan(2);
        foreach (var (name, schema) in schemas)
        {
            schema["additionalProperties"]!.GetValue<bool>().ShouldBeFalse(name);
            var required = schema["required"]?.AsArray().Select(one => $"{one}").ToList() ?? [];
            foreach (var (member, rule) in schema["properties"]!.AsObject())
            {
                rule!["default"].ShouldBeNull($"{name}.{member}");
                CanBeNull(document, rule).ShouldBe(!required.Contains(member), $"{name}.{member}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Answers_can_gain_members(string path)
    {
        var document = await fixture.Gateway.ReadDocumentAsync(path);
        var answers = ServedDocuments.OperationsOf(document).Select(operation => operation.Node["responses"]);
        foreach (var (name, schema) in ServedDocuments.SchemasUsedBy(document, answers))
            schema["additionalProperties"].ShouldBeNull(name);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task No_value_is_of_one_of_several_types_and_the_words_of_an_enum_are_identifiers(string path)
    {
        var document = await fixture.Gateway.ReadDocumentAsync(path);
        // Operators' queries have lists of words: tenant,day.
        var parameters = path.Contains("admin", StringComparison.Ordinal)
            ? []
            : ServedDocuments.OperationsOf(document).SelectMany(operation => ServedDocuments.Everything(operation.Node["parameters"]));
        foreach (var node in ServedDocuments.Everything(document["components"]!["schemas"]).Concat(parameters).OfType<JsonObject>())
        {
            foreach (var keyword in (string[])["oneOf", "anyOf", "allOf", "not"])
                node.ContainsKey(keyword).ShouldBeFalse(node.ToJsonString());
            if (node["enum"] is not JsonArray words)
                continue;
            words.ShouldAllBe(word => Identifier().IsMatch($"{word}"), node.ToJsonString());
        }
    }

    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/swagger/v1/swagger.json")]
    public async Task An_image_is_binary_and_nothing_else_is_declared_beside_it(string path)
    {
        var images = ServedDocuments
            .OperationsOf(await fixture.Gateway.ReadDocumentAsync(path))
            .Where(operation => $"{operation.Node["operationId"]}" is "getImage" or "getUploadedImage")
            .ToList();
        images.Count.ShouldBe(2);
        foreach (var (name, node) in images)
        {
            var good = node["responses"]!.AsObject().Where(answer => answer.Key[0] < '4').ToList();
            good.Select(answer => answer.Key).ShouldBe(["200", "206"], name);
            foreach (var (type, media) in good.SelectMany(answer => answer.Value!["content"]!.AsObject()))
            {
                type.ShouldStartWith("image/");
                media!["schema"]!.ToJsonString().ShouldBe("""{"type":"string","format":"binary"}""");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Every_refusal_is_a_typed_problem_whose_detail_is_the_message(string path)
    {
        var document = await fixture.Gateway.ReadDocumentAsync(path);
        foreach (var (name, node) in ServedDocuments.OperationsOf(document))
        {
            foreach (var (status, answer) in node["responses"]!.AsObject().Where(answer => answer.Key[0] >= '4'))
            {
                var (type, media) = answer!["content"]!.AsObject().ShouldHaveSingleItem();
                type.ShouldBe("application/problem+json", $"{name} {status}");
                $"{media!["schema"]!["$ref"]}".ShouldBe("#/components/schemas/Problem", $"{name} {status}");
                // Generators write it into exceptions.
                Plain().IsMatch($"{answer["description"]}").ShouldBeTrue($"{name} {status}: {answer["description"]}");
            }
        }
        var members = document["components"]!["schemas"]!["Problem"]!["properties"]!;
        members["detail"]!["x-ms-primary-error-message"]!.GetValue<bool>().ShouldBeTrue();
        $"{members["errors"]!["items"]!["$ref"]}".ShouldBe("#/components/schemas/Violation");
    }

    [Fact]
    public async Task The_two_versions_say_the_same()
    {
        var (newer, older) = (
            await fixture.Gateway.ReadDocumentAsync(Documents.First()),
            await fixture.Gateway.ReadDocumentAsync("/swagger/v1/swagger.json")
        );
        $"{newer["openapi"]}".ShouldStartWith("3.1.");
        $"{older["openapi"]}".ShouldStartWith("3.0.");
        foreach (var document in new[] { newer, older })
            document.AsObject().Remove("openapi");
        // OpenAPI 3.0 has nothing beside a reference.
        foreach (var reference in ServedDocuments.Everything(newer).OfType<JsonObject>().Where(node => node.ContainsKey("$ref")))
            reference.Remove("description");
        foreach (var schema in ServedDocuments.Everything(older).OfType<JsonObject>().Where(node => node.ContainsKey("nullable")).ToList())
        {
            schema["type"] = new JsonArray("null", schema["type"]!.DeepClone());
            schema.Remove("nullable");
        }

        InOrder(older)!.ToJsonString().ShouldBe(InOrder(newer)!.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task A_document_is_small_enough_to_be_read_by_tools(string path)
    {
        var answer = await fixture.Gateway.GetAsync(path);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var bytes = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper!.WriteLine($"{path}: {bytes.Length} bytes");
        bytes.Length.ShouldBeLessThan(MaxBytes);
    }

    private static bool CanBeNull(JsonNode document, JsonNode schema)
    {
        if (schema["$ref"] is { } reference)
            schema = document["components"]!["schemas"]![$"{reference}".Split('/')[^1]]!;
        return schema["nullable"]?.GetValue<bool>() ?? schema["type"] is JsonArray types && types.Any(type => $"{type}" == "null");
    }

    private static JsonNode? InOrder(JsonNode? node) =>
        node switch
        {
            JsonObject members => new JsonObject(
                members
                    .OrderBy(member => member.Key, StringComparer.Ordinal)
                    .Select(member => KeyValuePair.Create(member.Key, InOrder(member.Value)))
            ),
            JsonArray items => new JsonArray([
                .. items.Select(InOrder).OrderBy(item => item?.ToJsonString() ?? "null", StringComparer.Ordinal),
            ]),
            _ => node?.DeepClone(),
        };

    [GeneratedRegex("^[a-z]+([A-Z][a-z]+)*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LowerCamelCase();

    /// <summary>No Markdown, and no sentence.</summary>
    [GeneratedRegex(
        "^[A-Za-z][A-Za-z0-9 ,:'-]{4,200}$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Plain();

    [GeneratedRegex(
        "^[A-Za-z_][A-Za-z0-9_]*$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Identifier();
}
