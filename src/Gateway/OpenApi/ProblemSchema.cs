using System.Text.Json.Nodes;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Models;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>Adds the schema that all problems share, and an example of each problem of the document.</summary>
internal sealed class ProblemSchema : IDocumentFilter
{
    public const string Name = "Problem";
    private const string Violation = "Violation";

    /// <summary>The name of an example: a problem type has one for each of its statuses.</summary>
    public static string ExampleName(ProblemType type, int status) => status == type.Status ? type.Name : $"{type.Name}-{status}";

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Components ??= new OpenApiComponents();
        swaggerDoc.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        swaggerDoc.Components.Schemas[Name] = Schema(swaggerDoc);
        swaggerDoc.Components.Schemas[Violation] = ViolationSchema();
        var used = UsedExamples(swaggerDoc);
        swaggerDoc.Components.Examples = ProblemTypes
            .All.SelectMany(type => type.OtherStatuses.Prepend(type.Status).Select(status => (Type: type, Status: status)))
            .Where(problem => used.Contains(ExampleName(problem.Type, problem.Status)))
            .ToDictionary(
                problem => ExampleName(problem.Type, problem.Status),
                problem =>
                    (IOpenApiExample)new OpenApiExample { Summary = problem.Type.Title, Value = Example(problem.Type, problem.Status) },
                StringComparer.Ordinal
            );
    }

    private static HashSet<string?> UsedExamples(OpenApiDocument document) =>
        document
            .Paths.Values.SelectMany(path => path.Operations!.Values)
            .SelectMany(operation => operation.Responses!.Values)
            .SelectMany(response => response.Content?.Values ?? [])
            .SelectMany(media => media.Examples?.Values ?? [])
            .Select(example => (example as OpenApiExampleReference)?.Reference.Id)
            .ToHashSet(StringComparer.Ordinal);

    private static OpenApiSchema Schema(OpenApiDocument document) =>
        WithMembers(
            "A refusal (RFC 9457).",
            ["type", "title", "status", "detail", "instance", "traceId"],
            ("type", Matching("The kind of problem. The page at this address says what it means and what to do.", "^/problems/[a-z-]+$")),
            ("title", SchemaRules.Text("The same text for every occurrence of a kind.")),
            (
                "status",
                new OpenApiSchema
                {
                    Type = JsonSchemaType.Integer,
                    Minimum = "400",
                    Maximum = "599",
                    Description = "The HTTP status.",
                }
            ),
            ("detail", Message("What happened in this case, and what to do about it.")),
            ("instance", Matching("Identifies the request: a URN made of its X-Request-Id.", "^urn:request:[A-Za-z0-9._-]{1,128}$")),
            ("traceId", Matching("The operator finds the request in logs and traces by this id.", "^[A-Za-z0-9._-]{1,128}$")),
            ("reason", SchemaRules.Text("For upstream-rejected, why Leonardo refused: validation, moderation, reference or other.")),
            (
                "reservationId",
                new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Format = "uuid",
                    Description = "For outcome-unknown: identifies the reservation that is held until the outcome is known.",
                }
            ),
            (
                "violated-policies",
                List(Matching("The name of a quota.", "^[a-z-]+$"), "For quota-exceeded: the quotas that do not admit the request.")
            ),
            (
                "neverAdmitted",
                Flag(
                    "For quota-exceeded: true if the request needs more than a whole limit. Waiting does not help, and there is no Retry-After."
                )
            ),
            ("errors", List(new OpenApiSchemaReference(Violation, document), "For validation and policy: every error of the request."))
        );

    private static OpenApiSchema ViolationSchema() =>
        WithMembers(
            "One rule that the request breaks.",
            ["pointer", "code", "detail"],
            ("pointer", Matching("The invalid value, as a JSON pointer (RFC 6901) in a fragment: #/parameters/width.", "^#")),
            ("code", Matching("A stable code: out-of-range.", "^[a-z-]+$")),
            ("detail", SchemaRules.Text("What is allowed instead."))
        );

    private static JsonObject Example(ProblemType type, int status)
    {
        var example = new JsonObject
        {
            ["type"] = type.Uri,
            ["title"] = type.Title,
            ["status"] = status,
            ["detail"] = type.Meaning,
            ["instance"] = "urn:request:019aac5b8e7c7d1f9b3c2a1d0e4f5a6b",
            ["traceId"] = "4bf92f3577b34da6a3ce929d0e0e4736",
        };
        if (type == ProblemTypes.Validation)
            example["errors"] = new JsonArray(
                Error("#/parameters/width", "out-of-range", GenerationValidator.OutOfRange(ModelCatalogue.Widest.Width, " (pixels)"))
            );
        if (type == ProblemTypes.Policy)
            example["errors"] = new JsonArray(
                Error("#/public", "public-not-allowed", "must be false: this tenant may not publish to the community feed")
            );
        if (type == ProblemTypes.QuotaExceeded)
            example["violated-policies"] = new JsonArray("images-day");
        if (type == ProblemTypes.UpstreamRejected)
            example["reason"] = "moderation";
        if (type == ProblemTypes.OutcomeUnknown)
            example["reservationId"] = "019aac5b-8e7c-7d1f-9b3c-2a1d0e4f5a6b";
        return example;
    }

    private static JsonObject Error(string pointer, string code, string detail) =>
        new()
        {
            ["pointer"] = pointer,
            ["code"] = code,
            ["detail"] = detail,
        };

    private static OpenApiSchema WithMembers(string description, string[] required, params (string Name, OpenApiSchema Schema)[] members) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = description,
            Required = required.ToHashSet(StringComparer.Ordinal),
            Properties = members.ToDictionary(member => member.Name, member => (IOpenApiSchema)member.Schema, StringComparer.Ordinal),
        };

    /// <summary>What a generated client takes for the message of its exception.</summary>
    private static OpenApiSchema Message(string description)
    {
        var schema = SchemaRules.Text(description);
        schema.Extensions = new Dictionary<string, IOpenApiExtension>(StringComparer.Ordinal)
        {
            ["x-ms-primary-error-message"] = new JsonNodeExtension(true),
        };
        return schema;
    }

    private static OpenApiSchema Matching(string description, string pattern)
    {
        var schema = SchemaRules.Text(description);
        schema.Pattern = pattern;
        return schema;
    }

    private static OpenApiSchema Flag(string description) => new() { Type = JsonSchemaType.Boolean, Description = description };

    private static OpenApiSchema List(IOpenApiSchema items, string description) =>
        new()
        {
            Type = JsonSchemaType.Array,
            Items = items,
            Description = description,
        };
}
