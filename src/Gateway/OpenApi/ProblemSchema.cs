using System.Text.Json.Nodes;
using Gateway.Edge.Problems;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>The one schema of every refusal, and an example of each.</summary>
internal sealed class ProblemSchema : IDocumentFilter
{
    public const string Name = "Problem";

    /// <summary>The names of the examples: a kind of refusal has one for each of its statuses, as the status is also in it.</summary>
    public static string ExampleOf(ProblemType type, int status) => status == type.Status ? type.Name : $"{type.Name}-{status}";

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Components ??= new OpenApiComponents();
        swaggerDoc.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        swaggerDoc.Components.Schemas[Name] = Schema();
        swaggerDoc.Components.Examples = ProblemTypes
            .All.SelectMany(type => type.OtherStatuses.Prepend(type.Status).Select(status => (Type: type, Status: status)))
            .ToDictionary(
                one => ExampleOf(one.Type, one.Status),
                one => (IOpenApiExample)new OpenApiExample { Summary = one.Type.Title, Value = Example(one.Type, one.Status) },
                StringComparer.Ordinal
            );
    }

    private static OpenApiSchema Schema() =>
        Closed(
            "A refusal (RFC 9457).",
            ["type", "title", "status", "detail", "instance", "traceId"],
            (
                "type",
                Words(
                    "Which refusal; the page under this address says what it means and what to do.",
                    ProblemTypes.All.Select(type => type.Uri)
                )
            ),
            ("title", Words("The same words for every occurrence.", ProblemTypes.All.Select(type => type.Title))),
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
            ("detail", SchemaRules.Text("This occurrence, and what to do about it.")),
            ("instance", Matching("The request, as a URN of its X-Request-Id.", "^urn:request:[A-Za-z0-9._-]{1,128}$")),
            ("traceId", Matching("By this the operator finds the request in logs and traces.", "^[A-Za-z0-9._-]{1,128}$")),
            ("reason", Words("upstream-rejected: which way.", ["validation", "moderation", "reference", "other"])),
            (
                "reservationId",
                new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Format = "uuid",
                    Description = "outcome-unknown: names what is held until the outcome is known.",
                }
            ),
            (
                "violated-policies",
                List(Matching("The name of a quota.", "^[a-z-]+$"), "quota-exceeded: which quotas do not admit the request.")
            ),
            (
                "errors",
                List(
                    Closed(
                        "One broken rule.",
                        ["pointer", "code", "detail"],
                        ("pointer", Matching("Where (RFC 6901, as a fragment): #/parameters/width.", "^#")),
                        ("code", Matching("What, stable: out-of-range.", "^[a-z-]+$")),
                        ("detail", SchemaRules.Text("What is allowed there."))
                    ),
                    "validation, policy: every fault of the request."
                )
            )
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
            example["errors"] = new JsonArray(Error("#/parameters/width", "out-of-range", "must be from 256 to 1440 (pixels)"));
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

    private static OpenApiSchema Closed(string description, string[] required, params (string Name, OpenApiSchema Schema)[] members) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = description,
            AdditionalPropertiesAllowed = false,
            Required = required.ToHashSet(StringComparer.Ordinal),
            Properties = members.ToDictionary(member => member.Name, member => (IOpenApiSchema)member.Schema, StringComparer.Ordinal),
        };

    private static OpenApiSchema Words(string description, IEnumerable<string> words)
    {
        var schema = SchemaRules.Text(description);
        SchemaRules.OneOf(words)(schema);
        return schema;
    }

    private static OpenApiSchema Matching(string description, string pattern)
    {
        var schema = SchemaRules.Text(description);
        schema.Pattern = pattern;
        return schema;
    }

    private static OpenApiSchema List(OpenApiSchema items, string description) =>
        new()
        {
            Type = JsonSchemaType.Array,
            Items = items,
            Description = description,
        };
}
