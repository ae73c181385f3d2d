using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Admin;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;
using Gateway.Models;
using Gateway.Quotas;
using Gateway.Results;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Uploads;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>Writes into the schemas of the answers what their types cannot say. What a record does not give a default is always there.</summary>
internal sealed class AnswerSchemas : ISchemaFilter
{
    private static readonly string[] Quotas =
    [
        QuotaStatus.RequestsMinute,
        QuotaStatus.ImagesDay,
        QuotaStatus.ImagesMonth,
        QuotaStatus.UsdMonth,
        QuotaStatus.ConcurrentGenerations,
        QuotaStatus.Organization + QuotaStatus.ImagesDay,
        QuotaStatus.Organization + QuotaStatus.ImagesMonth,
        QuotaStatus.Organization + QuotaStatus.UsdMonth,
    ];

    private static readonly string[] Problem = [.. ProblemTypes.All.Select(type => type.Name)];

    private static readonly Dictionary<Type, (string Member, Action<OpenApiSchema> Rule)[]> Rules = new()
    {
        [typeof(CreatedGeneration)] = [("generationId", Shape.Uuid), ("apiCreditCost", Shape.Count)],
        [typeof(StatedCost)] = [("amount", Shape.Matching("^([0-9]+\\.?[0-9]*|\\.[0-9]+)$")), ("unit", Shape.OneOf("DOLLARS", "CREDITS"))],
        [typeof(QuoteAnswer)] =
        [
            ("valid", schema => schema.Enum = [true]),
            ("images", Of(Model.Quantity)),
            ("violatedPolicies", Shape.Items(Shape.OneOf(Quotas))),
        ],
        [typeof(QuoteRemaining)] =
        [
            .. Quotas.Select(name =>
                (name, name.Contains("usd", StringComparison.Ordinal) ? Shape.Usd : (Action<OpenApiSchema>)Shape.Count)
            ),
        ],
        [typeof(SeenGeneration)] =
        [
            ("id", Shape.Uuid),
            ("status", Shape.OneOf(Enum.GetValues<GenerationStatus>().Select(ResultRow.Word))),
            ("createdAt", Shape.Moment),
            ("modelId", Shape.Uuid),
            ("sdVersion", Shape.OneOf(ResultRow.SdVersions.Order(StringComparer.Ordinal))),
            ("scheduler", Shape.OneOf(ResultRow.Schedulers.Order(StringComparer.Ordinal))),
            ("presetStyle", AlwaysNull),
            ("generation_elements", Shape.Empty),
        ],
        [typeof(SeenModeration)] = [("moderationClassification", Shape.Items(Shape.Matching("^[A-Z_]{1,64}$")))],
        [typeof(SeenImage)] =
        [
            ("id", Shape.Uuid),
            ("url", Shape.Address),
            ("motionMP4URL", AlwaysNull),
            ("motionModel", AlwaysNull),
            ("generated_image_variation_generics", Shape.Empty),
        ],
        [typeof(GenerationList)] = [("generations", Shape.AtMost(ResultEndpoints.MaxPage))],
        [typeof(DeletedId)] = [("id", Shape.Uuid)],
        [typeof(UploadAddress)] = [("id", Shape.Uuid), ("url", Shape.Address)],
        [typeof(SeenUpload)] = [("id", Shape.Uuid), ("url", Shape.Address), ("createdAt", Shape.Moment)],
        [typeof(ModelDescription)] = [("source", Shape.Address)],
        [typeof(Style)] = [("id", Shape.Uuid)],
        [typeof(ModelPrice)] = [("usd_per_credit", Shape.Usd)],
        [typeof(PriceExample)] = [("usd", Shape.Usd), ("usd_with_references", Shape.Usd)],
        [typeof(UsageTenant)] =
        [
            ("id", Shape.Tenant),
            ("identifiedBy", Shape.OneOf(Caller.ByNetwork, Caller.ByHeader, Caller.ByToken, Caller.ByJwt, Caller.ByCertificate)),
        ],
        [typeof(UsageQuota)] = QuotaRules,
        [typeof(UsageSum)] = SumRules,
        [typeof(AdminTenant)] = [("id", Shape.Tenant)],
        [typeof(AdminPolicy)] = [("references", Shape.OneOf("own", "any"))],
        [typeof(AdminQuota)] = [.. QuotaRules, ("granted", Shape.Amount)],
        [typeof(AdminSum)] = SumRules,
        [typeof(AdminUsage)] = [("from", Shape.Day), ("to", Shape.Day)],
        [typeof(AdminUsageRow)] = [.. SumRules, ("tenant", Shape.Tenant), ("day", Shape.Day)],
        [typeof(AdminGeneration)] =
        [
            ("reservationId", Shape.Uuid),
            ("tenant", Shape.Tenant),
            ("state", Shape.OneOf("reserved", "forwarding", "unknown", "settled", "released", "written-off")),
            ("images", Of(Model.Quantity)),
            ("usd", Shape.Usd),
            ("chargedUsd", Shape.Usd),
            ("width", Of(Model.Width)),
            ("height", Of(Model.Height)),
            ("seed", Of(Model.Seed)),
            ("generationId", Shape.Uuid),
            ("problem", schema => schema.Enum = [.. Problem.Select(name => (System.Text.Json.Nodes.JsonNode)name), null!]),
        ],
        [typeof(AdminGenerations)] = [("next", Shape.Uuid)],
        [typeof(AdminKey)] = [("tail", Shape.Length(4, 4))],
        [typeof(AdminSlots)] = [("used", Shape.Count), ("limit", Shape.Count), ("perMinute", Shape.Count)],
        [typeof(AdminUpstream)] = [("waiting", Shape.Count), ("lastErrors", Shape.AtMost(20))],
        [typeof(AdminFault)] = [("outcome", Shape.OneOf(Problem))],
        [typeof(AdminAudit)] = [("lines", Shape.AtMost(AuditEndpoint.MostLines))],
        [typeof(AuditLine)] =
        [
            ("n", Shape.Count),
            ("action", Shape.OneOf("suspend", "resume", "grant", "release", "settle", "release-refused", "settle-refused")),
            ("detail", schema => schema.Type = JsonSchemaType.Object),
            ("previousHash", Shape.Digest),
            ("hash", Shape.Digest),
        ],
    };

    /// <summary>Objects that can be null where they stand. A reference cannot say so; what it refers to can.</summary>
    private static readonly Type[] Nullable = [typeof(AdminTotals), typeof(AdminBalance)];

    private static ImageModel Model => ModelCatalogue.All[0];

    private static (string, Action<OpenApiSchema>)[] QuotaRules =>
        [
            ("name", Shape.OneOf(Quotas)),
            ("limit", Shape.AmountOrNull),
            ("used", Shape.Amount),
            ("held", Shape.Amount),
            ("remaining", Shape.AmountOrNull),
        ];

    private static (string, Action<OpenApiSchema>)[] SumRules =>
        [("generations", Shape.Count), ("images", Shape.Count), ("usd", Shape.Usd)];

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        var type = context.Type;
        if (
            schema is not OpenApiSchema target
            || context.MemberInfo is not null
            || type.Namespace?.StartsWith(nameof(Gateway), StringComparison.Ordinal) != true
        )
            return;
        if (type.GetConstructors() is not [{ } constructor] || constructor.GetParameters() is not { Length: > 0 } parameters)
            return;
        // The models are written by their own serializer: other names, and every member.
        var isModel = ModelJson.Default.GetTypeInfo(type) is not null;
        var policy = isModel ? JsonNamingPolicy.SnakeCaseLower : JsonNamingPolicy.CamelCase;
        target.Properties = target.Properties!.ToDictionary(
            property => policy.ConvertName(property.Key),
            property => property.Value,
            StringComparer.Ordinal
        );
        target.Required = parameters
            .Where(parameter => isModel || !parameter.HasDefaultValue)
            .Select(parameter => NameOf(type, parameter, policy))
            .ToHashSet(StringComparer.Ordinal);
        if (Nullable.Contains(type))
            target.Type |= JsonSchemaType.Null;
        foreach (var (member, rule) in Rules.GetValueOrDefault(type) ?? [])
            rule((OpenApiSchema)target.Properties[member]);
    }

    private static string NameOf(Type type, ParameterInfo parameter, JsonNamingPolicy policy) =>
        type.GetProperty(parameter.Name!)!.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? policy.ConvertName(parameter.Name!);

    private static Action<OpenApiSchema> Of(NumberRange range) =>
        schema => (schema.Minimum, schema.Maximum) = (Shape.Number(range.Min), Shape.Number(range.Max));

    private static void AlwaysNull(OpenApiSchema schema) => schema.Enum = [null!];
}
