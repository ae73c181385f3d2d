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
        [typeof(CreatedGeneration)] = [("generationId", SchemaRules.Uuid), ("apiCreditCost", SchemaRules.Count)],
        [typeof(StatedCost)] =
        [
            ("amount", SchemaRules.Matching("^([0-9]+\\.?[0-9]*|\\.[0-9]+)$")),
            ("unit", SchemaRules.OneOf("DOLLARS", "CREDITS")),
        ],
        [typeof(QuoteAnswer)] =
        [
            ("valid", schema => schema.Enum = [true]),
            ("images", Of(Model.Quantity)),
            ("violatedPolicies", SchemaRules.Items(SchemaRules.OneOf(Quotas))),
        ],
        [typeof(QuoteRemaining)] =
        [
            .. Quotas.Select(name =>
                (name, name.Contains("usd", StringComparison.Ordinal) ? SchemaRules.Usd : (Action<OpenApiSchema>)SchemaRules.Count)
            ),
        ],
        [typeof(SeenGeneration)] =
        [
            ("id", SchemaRules.Uuid),
            ("status", SchemaRules.OneOf(Enum.GetValues<GenerationStatus>().Select(ResultRow.ToLabel))),
            ("createdAt", SchemaRules.Moment),
            ("modelId", SchemaRules.Uuid),
            ("sdVersion", SchemaRules.OneOf(ResultRow.SdVersions.Order(StringComparer.Ordinal))),
            ("scheduler", SchemaRules.OneOf(ResultRow.Schedulers.Order(StringComparer.Ordinal))),
            ("presetStyle", AlwaysNull),
            ("generation_elements", SchemaRules.Empty),
        ],
        [typeof(SeenModeration)] = [("moderationClassification", SchemaRules.Items(SchemaRules.Matching("^[A-Z_]{1,64}$")))],
        [typeof(SeenImage)] =
        [
            ("id", SchemaRules.Uuid),
            ("url", SchemaRules.Address),
            ("motionMP4URL", AlwaysNull),
            ("motionModel", AlwaysNull),
            ("generated_image_variation_generics", SchemaRules.Empty),
        ],
        [typeof(GenerationList)] = [("generations", SchemaRules.AtMost(ResultEndpoints.MaxPage))],
        [typeof(DeletedId)] = [("id", SchemaRules.Uuid)],
        [typeof(UploadAddress)] = [("id", SchemaRules.Uuid), ("url", SchemaRules.Address)],
        [typeof(SeenUpload)] = [("id", SchemaRules.Uuid), ("url", SchemaRules.Address), ("createdAt", SchemaRules.Moment)],
        [typeof(ModelDescription)] = [("source", SchemaRules.Address)],
        [typeof(Style)] = [("id", SchemaRules.Uuid)],
        [typeof(ModelPrice)] = [("usd_per_credit", SchemaRules.Usd)],
        [typeof(PriceExample)] = [("usd", SchemaRules.Usd), ("usd_with_references", SchemaRules.Usd)],
        [typeof(UsageTenant)] =
        [
            ("id", SchemaRules.Tenant),
            ("identifiedBy", SchemaRules.OneOf(Caller.ByNetwork, Caller.ByHeader, Caller.ByToken, Caller.ByJwt, Caller.ByCertificate)),
        ],
        [typeof(UsageQuota)] = QuotaRules,
        [typeof(UsageSum)] = SumRules,
        [typeof(AdminTenant)] = [("id", SchemaRules.Tenant)],
        [typeof(AdminPolicy)] = [("references", SchemaRules.OneOf("own", "any"))],
        [typeof(AdminQuota)] = [.. QuotaRules, ("granted", SchemaRules.Amount)],
        [typeof(AdminSum)] = SumRules,
        [typeof(AdminUsage)] = [("from", SchemaRules.Day), ("to", SchemaRules.Day)],
        [typeof(AdminUsageRow)] = [.. SumRules, ("tenant", SchemaRules.Tenant), ("day", SchemaRules.Day)],
        [typeof(AdminGeneration)] =
        [
            ("reservationId", SchemaRules.Uuid),
            ("tenant", SchemaRules.Tenant),
            ("state", SchemaRules.OneOf("reserved", "forwarding", "unknown", "settled", "released", "written-off")),
            ("images", Of(Model.Quantity)),
            ("usd", SchemaRules.Usd),
            ("chargedUsd", SchemaRules.Usd),
            ("width", Of(Model.Width)),
            ("height", Of(Model.Height)),
            ("seed", Of(Model.Seed)),
            ("generationId", SchemaRules.Uuid),
            ("problem", schema => schema.Enum = [.. Problem.Select(name => (System.Text.Json.Nodes.JsonNode)name), null!]),
        ],
        [typeof(AdminGenerations)] = [("next", SchemaRules.Uuid)],
        [typeof(AdminKey)] = [("tail", SchemaRules.Length(4, 4))],
        [typeof(AdminSlots)] = [("used", SchemaRules.Count), ("limit", SchemaRules.Count), ("perMinute", SchemaRules.Count)],
        [typeof(AdminUpstream)] = [("waiting", SchemaRules.Count), ("lastErrors", SchemaRules.AtMost(20))],
        [typeof(AdminFault)] = [("outcome", SchemaRules.OneOf(Problem))],
        [typeof(AdminAudit)] = [("lines", SchemaRules.AtMost(AuditEndpoint.MostLines))],
        [typeof(AuditLine)] =
        [
            ("n", SchemaRules.Count),
            ("action", SchemaRules.OneOf("suspend", "resume", "grant", "release", "settle", "release-refused", "settle-refused")),
            ("detail", schema => schema.Type = JsonSchemaType.Object),
            ("previousHash", SchemaRules.Digest),
            ("hash", SchemaRules.Digest),
        ],
    };

    /// <summary>Objects that can be null where they stand. A reference cannot say so; what it refers to can.</summary>
    private static readonly Type[] Nullable = [typeof(AdminTotals), typeof(AdminBalance)];

    private static ImageModel Model => ModelCatalogue.All[0];

    private static (string, Action<OpenApiSchema>)[] QuotaRules =>
        [
            ("name", SchemaRules.OneOf(Quotas)),
            ("limit", SchemaRules.AmountOrNull),
            ("used", SchemaRules.Amount),
            ("held", SchemaRules.Amount),
            ("remaining", SchemaRules.AmountOrNull),
        ];

    private static (string, Action<OpenApiSchema>)[] SumRules =>
        [("generations", SchemaRules.Count), ("images", SchemaRules.Count), ("usd", SchemaRules.Usd)];

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
        schema => (schema.Minimum, schema.Maximum) = (SchemaRules.Number(range.Min), SchemaRules.Number(range.Max));

    private static void AlwaysNull(OpenApiSchema schema) => schema.Enum = [null!];
}
