using System.Text.Json.Nodes;

namespace Gateway.Tests.OpenApi;

/// <summary>One operation of a document.</summary>
internal sealed record ContractOperation(string Method, string Path, JsonNode Node, JsonNode Document)
{
    /// <summary>Every route for tenants is served here too, and documented once.</summary>
    private const string Twin = "/api/rest";

    public JsonNode Responses => Node["responses"]!;

    public bool IsAdmin => Path.StartsWith("/admin", StringComparison.Ordinal);

    public bool HasBody => Node["requestBody"] is not null;

    public bool TakesForm => Node["requestBody"]?["content"]?["multipart/form-data"] is not null;

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
        var (mine, theirs) = (Path.Split('/'), (path.StartsWith(Twin, StringComparison.Ordinal) ? path[Twin.Length..] : path).Split('/'));
        return method == Method
            && mine.Length == theirs.Length
            && mine.Zip(theirs).All(part => part.First == part.Second || part.First.StartsWith('{'));
    }

    /// <summary>Whether the description names a status that is not listed.</summary>
    public bool IsMentioned(string status) => Node["description"]!.GetValue<string>().Contains(status, StringComparison.Ordinal);

    public IReadOnlyList<string> Validate(JsonNode schema, JsonNode? value) => new SchemaValidator(Document).Validate(schema, value);

    public JsonNode GetHeader(JsonNode reference) =>
        Document["components"]!["headers"]![reference["$ref"]!.GetValue<string>().Split('/')[^1]]!;

    public override string ToString() => $"{Method} {Path}";
}
