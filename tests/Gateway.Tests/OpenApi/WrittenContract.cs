using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>The OpenAPI document as a witness: every answer is held to what it says of it, and remembered, so that what it says in vain comes out too.</summary>
internal sealed class WrittenContract
{
    /// <summary>Of the connection, or the same on every page there is (AnswerHeaderTests).</summary>
    private static readonly string[] Unwritten =
    [
        "Connection",
        "Content-Length",
        "Content-Type",
        "Date",
        "Transfer-Encoding",
        "Content-Security-Policy",
        "Referrer-Policy",
        "X-Content-Type-Options",
    ];

    private readonly JsonNode _document;
    private readonly SchemaValidator _schemas;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private WrittenContract(JsonNode document)
    {
        _document = document;
        _schemas = new SchemaValidator(document);
        Operations =
        [
            .. from path in document["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            select new WrittenOperation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!),
        ];
    }

    public IReadOnlyList<WrittenOperation> Operations { get; }

    public static async Task<WrittenContract> ReadAsync(GatewayApp gateway) =>
        new(await (await gateway.GetAsync("/swagger/v1/swagger.json")).JsonAsync());

    public IReadOnlyList<string> FaultsOf(string schema, JsonNode value) =>
        _schemas.Faults(_document["components"]!["schemas"]![schema]!, value);

    public IReadOnlyList<string> FaultsOf(JsonNode schema, JsonNode? value) => _schemas.Faults(schema, value);

    /// <summary>What <paramref name="of"/> says there is, and no answer has shown yet.</summary>
    public IEnumerable<string> Unseen(Func<WrittenOperation, IEnumerable<string>> of) =>
        Operations.SelectMany(operation => of(operation).Select(kind => $"{operation} {kind}")).Except(_seen);

    public async Task<HttpResponseMessage> CheckAsync(HttpResponseMessage answer)
    {
        var request = answer.RequestMessage!;
        var status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        var operation = Operations.Single(one => one.Is(request.Method.Method, request.RequestUri!.AbsolutePath));
        var what = $"{operation} {status}: {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
        // In the document, but never what a test is content with.
        answer.StatusCode.ShouldNotBe(HttpStatusCode.InternalServerError, what);
        var written = operation.Responses[status].ShouldNotBeNull(what);
        CheckHeaders(answer, written["headers"]!.AsObject(), what);
        var type = answer.Content.Headers.ContentType?.MediaType;
        if (type is null)
        {
            written["content"].ShouldBeNull(what);
            _seen.Add($"{operation} {status}");
            return answer;
        }
        var content = written["content"]?[type].ShouldNotBeNull(what)!;
        _seen.Add($"{operation} {status} {WrittenOperation.Kind(type)}");
        if (!type.EndsWith("json", StringComparison.Ordinal) || request.Method == HttpMethod.Head)
            return answer;
        var body = await answer.JsonAsync();
        _schemas.Faults(content["schema"]!, body).ShouldBeEmpty(what);
        if (type == "application/problem+json")
        {
            var name = body["type"]!.GetValue<string>().Split('/')[^1];
            content["examples"]![name].ShouldNotBeNull(what);
            body["status"]!.GetValue<int>().ShouldBe((int)answer.StatusCode, what);
            _seen.Add($"{operation} {status} {name}");
        }
        return answer;
    }

    private void CheckHeaders(HttpResponseMessage answer, JsonObject written, string what)
    {
        var given = answer
            .Headers.NonValidated.Concat(answer.Content.Headers.NonValidated)
            .Where(header => !Unwritten.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        // Names of headers have no case, and the client spells some its own way.
        var told = written.ToDictionary(header => header.Key, header => Header(header.Value!), StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in given)
        {
            var schema = told.GetValueOrDefault(name).ShouldNotBeNull($"{name} of {what}")["schema"]!;
            JsonNode typed = schema["type"]!.GetValue<string>() == "integer" ? long.Parse(value, CultureInfo.InvariantCulture) : value;
            _schemas.Faults(schema, typed).ShouldBeEmpty($"{name} of {what}");
        }
        foreach (var (name, _) in told.Where(header => header.Value["required"]?.GetValue<bool>() == true))
            given.ContainsKey(name).ShouldBeTrue($"{name} of {what}");
    }

    private JsonNode Header(JsonNode header) => _document["components"]!["headers"]![header["$ref"]!.GetValue<string>().Split('/')[^1]]!;
}

/// <summary>One operation of the document.</summary>
internal sealed record WrittenOperation(string Method, string Path, JsonNode Node)
{
    public JsonNode Responses => Node["responses"]!;

    public bool IsAdmin => Path.StartsWith("/admin", StringComparison.Ordinal);

    public bool HasBody => Node["requestBody"] is not null;

    /// <summary>As <see cref="WrittenContract.Unseen"/> takes it: each status and form of an answer that is no refusal.</summary>
    public IEnumerable<string> Successes =>
        Responses
            .AsObject()
            .Where(answer => answer.Key[0] < '4')
            .SelectMany(answer =>
                answer.Value!["content"]?.AsObject().Select(content => $"{answer.Key} {Kind(content.Key)}").Distinct() ?? [answer.Key]
            );

    /// <summary>Each status and name of a refusal.</summary>
    public IEnumerable<string> Refusals =>
        Responses
            .AsObject()
            .Where(answer => answer.Key[0] >= '4')
            .SelectMany(answer =>
                answer.Value!["content"]!["application/problem+json"]!["examples"]!
                    .AsObject()
                    .Select(example => $"{answer.Key} {example.Key}")
            );

    /// <summary>Images come as they are: which kind of image is no other kind of answer.</summary>
    public static string Kind(string type) => type.StartsWith("image/", StringComparison.Ordinal) ? "image/*" : type;

    public bool Is(string method, string path)
    {
        var (mine, theirs) = (Path.Split('/'), path.Split('/'));
        return method == Method
            && mine.Length == theirs.Length
            && mine.Zip(theirs).All(part => part.First == part.Second || part.First.StartsWith('{'));
    }

    public override string ToString() => $"{Method} {Path}";
}
