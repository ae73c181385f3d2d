using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>
/// Checks answers against the OpenAPI documents of tenants and operators, and records them, so that a documented answer
/// that never occurs is found too.
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

    private readonly JsonNode _tenants;
    private readonly HashSet<string> _observed = new(StringComparer.Ordinal);

    private OpenApiContract(JsonNode tenants, JsonNode operators)
    {
        _tenants = tenants;
        Operations =
        [
            .. from document in (JsonNode[])[tenants, operators]
            from path in document["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            select new ContractOperation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!, document),
        ];
    }

    public IReadOnlyList<ContractOperation> Operations { get; }

    public static async Task<OpenApiContract> ReadAsync(GatewayApp gateway) =>
        new(
            await (await gateway.GetAsync("/openapi/v1.json")).JsonAsync(),
            await (await gateway.GetAsync("/openapi/admin.json")).JsonAsync()
        );

    /// <param name="schema">The name of a schema of the tenants' document.</param>
    public IReadOnlyList<string> Validate(string schema, JsonNode value) =>
        new SchemaValidator(_tenants).Validate(_tenants["components"]!["schemas"]![schema]!, value);

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
        // What generators cannot use is documented in words.
        if (operation.Responses[status] is null && operation.IsMentioned(status))
            return answer;
        var documented = operation.Responses[status].ShouldNotBeNull(what);
        CheckHeaders(answer, operation, documented["headers"]!.AsObject(), what);
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
        operation.Validate(content["schema"]!, body).ShouldBeEmpty(what);
        if (type == "application/problem+json")
        {
            var name = body["type"]!.GetValue<string>().Split('/')[^1];
            content["examples"]![name].ShouldNotBeNull(what);
            body["status"]!.GetValue<int>().ShouldBe((int)answer.StatusCode, what);
            _observed.Add($"{operation} {status} {name}");
        }
        return answer;
    }

    private static void CheckHeaders(HttpResponseMessage answer, ContractOperation operation, JsonObject documented, string what)
    {
        var given = answer
            .Headers.NonValidated.Concat(answer.Content.Headers.NonValidated)
            .Where(header => !Undocumented.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        // Header names are case-insensitive.
        var headers = documented.ToDictionary(
            header => header.Key,
            header => operation.GetHeader(header.Value!),
            StringComparer.OrdinalIgnoreCase
        );
        foreach (var (name, value) in given)
        {
            var schema = headers.GetValueOrDefault(name).ShouldNotBeNull($"{name} of {what}")["schema"]!;
            JsonNode typed = schema["type"]!.GetValue<string>() == "integer" ? long.Parse(value, CultureInfo.InvariantCulture) : value;
            operation.Validate(schema, typed).ShouldBeEmpty($"{name} of {what}");
        }
        foreach (var (name, _) in headers.Where(header => header.Value["required"]?.GetValue<bool>() == true))
            given.ContainsKey(name).ShouldBeTrue($"{name} of {what}");
    }
}
