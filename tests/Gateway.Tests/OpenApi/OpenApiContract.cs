using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>
/// Checks answers against the OpenAPI document, and records them, so that a documented answer that never occurs is
/// found too.
/// </summary>
internal sealed class OpenApiContract
{
    /// <summary>Headers of the connection, or the same on every answer (AnswerHeaderTests).</summary>
    private static readonly string[] Undocumented =
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
    private readonly HashSet<string> _observed = new(StringComparer.Ordinal);

    private OpenApiContract(JsonNode document)
    {
        _document = document;
        _schemas = new SchemaValidator(document);
        Operations =
        [
            .. from path in document["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            select new ContractOperation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!),
        ];
    }

    public IReadOnlyList<ContractOperation> Operations { get; }

    public static async Task<OpenApiContract> ReadAsync(GatewayApp gateway) =>
        new(await (await gateway.GetAsync("/swagger/v1/swagger.json")).JsonAsync());

    public IReadOnlyList<string> Validate(string schema, JsonNode value) =>
        _schemas.Validate(_document["components"]!["schemas"]![schema]!, value);

    public IReadOnlyList<string> Validate(JsonNode schema, JsonNode? value) => _schemas.Validate(schema, value);

    /// <summary>The answers that <paramref name="documented"/> lists and that have not occurred.</summary>
    public IEnumerable<string> Unobserved(Func<ContractOperation, IEnumerable<string>> documented) =>
        Operations.SelectMany(operation => documented(operation).Select(kind => $"{operation} {kind}")).Except(_observed);

    public async Task<HttpResponseMessage> CheckAsync(HttpResponseMessage answer)
    {
        var request = answer.RequestMessage!;
        var status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        // HEAD is not listed: its answers are those of GET, without the body.
        var method = request.Method == HttpMethod.Head ? HttpMethod.Get : request.Method;
        var operation = Operations.Single(one => one.Is(method.Method, request.RequestUri!.AbsolutePath));
        var what = $"{operation} {status}: {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
        // Documented, but always a bug.
        answer.StatusCode.ShouldNotBe(HttpStatusCode.InternalServerError, what);
        var documented = operation.Responses[status].ShouldNotBeNull(what);
        CheckHeaders(answer, documented["headers"]!.AsObject(), what);
        var type = answer.Content.Headers.ContentType?.MediaType;
        if (type is null)
        {
            documented["content"].ShouldBeNull(what);
            _observed.Add($"{operation} {status}");
            return answer;
        }
        var content = documented["content"]?[type].ShouldNotBeNull(what)!;
        _observed.Add($"{operation} {status} {ContractOperation.Kind(type)}");
        if (!type.EndsWith("json", StringComparison.Ordinal) || request.Method == HttpMethod.Head)
            return answer;
        var body = await answer.JsonAsync();
        _schemas.Validate(content["schema"]!, body).ShouldBeEmpty(what);
        if (type == "application/problem+json")
        {
            var name = body["type"]!.GetValue<string>().Split('/')[^1];
            content["examples"]![name].ShouldNotBeNull(what);
            body["status"]!.GetValue<int>().ShouldBe((int)answer.StatusCode, what);
            _observed.Add($"{operation} {status} {name}");
        }
        return answer;
    }

    private void CheckHeaders(HttpResponseMessage answer, JsonObject documented, string what)
    {
        var given = answer
            .Headers.NonValidated.Concat(answer.Content.Headers.NonValidated)
            .Where(header => !Undocumented.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        // Header names are case-insensitive.
        var headers = documented.ToDictionary(header => header.Key, header => Header(header.Value!), StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in given)
        {
            var schema = headers.GetValueOrDefault(name).ShouldNotBeNull($"{name} of {what}")["schema"]!;
            JsonNode typed = schema["type"]!.GetValue<string>() == "integer" ? long.Parse(value, CultureInfo.InvariantCulture) : value;
            _schemas.Validate(schema, typed).ShouldBeEmpty($"{name} of {what}");
        }
        foreach (var (name, _) in headers.Where(header => header.Value["required"]?.GetValue<bool>() == true))
            given.ContainsKey(name).ShouldBeTrue($"{name} of {what}");
    }

    private JsonNode Header(JsonNode header) => _document["components"]!["headers"]![header["$ref"]!.GetValue<string>().Split('/')[^1]]!;
}

/// <summary>One operation of the document.</summary>
internal sealed record ContractOperation(string Method, string Path, JsonNode Node)
{
    public JsonNode Responses => Node["responses"]!;

    public bool IsAdmin => Path.StartsWith("/admin", StringComparison.Ordinal);

    public bool HasBody => Node["requestBody"] is not null;

    /// <summary>
    /// Each status and media type of an answer below 400, as <see cref="OpenApiContract.Unobserved"/> takes it.
    /// </summary>
    public IEnumerable<string> Successes =>
        Responses
            .AsObject()
            .Where(answer => answer.Key[0] < '4')
            .SelectMany(answer =>
                answer.Value!["content"]?.AsObject().Select(content => $"{answer.Key} {Kind(content.Key)}").Distinct() ?? [answer.Key]
            );

    /// <summary>Each status and name of a problem.</summary>
    public IEnumerable<string> Problems =>
        Responses
            .AsObject()
            .Where(answer => answer.Key[0] >= '4')
            .SelectMany(answer =>
                answer.Value!["content"]!["application/problem+json"]!["examples"]!
                    .AsObject()
                    .Select(example => $"{answer.Key} {example.Key}")
            );

    /// <summary>All image types count as one kind of answer.</summary>
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
