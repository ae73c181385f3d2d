using System.Globalization;
using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Models;
using Gateway.Quotas;
using Microsoft.OpenApi;

namespace Gateway.Admin;

/// <summary>Documents <c>/admin</c>.</summary>
internal static class AdminDocumentation
{
    private static readonly IReadOnlyList<string> ProblemNames = [.. ProblemTypes.All.Select(type => type.Name)];

    private static readonly Action<OpenApiSchema> ModelName = SchemaRules.Known(ModelCatalogue.All.Select(model => model.Name));

    public static void Describe(ApiDocumentation documentation)
    {
        DescribeRoutes(documentation);
        DescribeBodies(documentation);
        DescribeTenants(documentation);
        DescribeGenerations(documentation);
        DescribeUpstream(documentation);
        DescribeAudit(documentation);
        AdminExamples.Describe(documentation);
    }

    private static void DescribeRoutes(ApiDocumentation documentation)
    {
        documentation.Parameter("/admin/tenants", "id", SchemaRules.Tenant);
        documentation.Parameter("/admin/usage", "from", SchemaRules.Day);
        documentation.Parameter("/admin/usage", "to", SchemaRules.Day);
        documentation.Parameter("/admin/usage", "by", SchemaRules.OneOf(AdminUsageEndpoint.Combinations));
        documentation.Parameter("/admin/usage", "tenant", SchemaRules.Tenant);
        documentation.Parameter("/admin/generations", "reservationId", SchemaRules.Uuid);
        documentation.Parameter("/admin/generations", "tenant", SchemaRules.Tenant);
        documentation.Parameter("/admin/generations", "state", SchemaRules.OneOf(ReservationReader.StateNames));
        documentation.Parameter("/admin/generations", "request", SchemaRules.Matching(RequestId.Pattern));
        documentation.Parameter("/admin/generations", "trace", SchemaRules.Matching("^[0-9a-f]{32}$"));
        documentation.Parameter("/admin/generations", "before", SchemaRules.Uuid);
        documentation.Parameter("/admin/generations", "limit", SchemaRules.WholeNumber(1, AdminGenerationEndpoints.MaxRows, 50));
        documentation.Parameter("/admin/models", "id", ModelName);
        documentation.Parameter("/admin/audit", "before", SchemaRules.WholeNumber);
        documentation.Parameter("/admin/audit", "limit", SchemaRules.WholeNumber(1, AuditEndpoint.MaxLines, 100));
        documentation.Header(EdgeDocumentation.Vary, (operation, status) => IsUsage(operation) && status == 200);
        documentation.Header(
            new(
                "Content-Disposition",
                "A name for the file, if the answer is CSV.",
                SchemaRules.Matching("^attachment; filename=\"usage-[0-9-]{21}\\.csv\"$")
            ),
            (operation, status) => IsUsage(operation) && status == 200
        );
    }

    private static bool IsUsage(DocumentedOperation operation) => operation.Is("GET", "/admin/usage");

    private static void DescribeBodies(ApiDocumentation documentation)
    {
        documentation.Schema<ReasonBody>(("reason", RequiredReason));
        documentation.Schema<ReasonBody>(SchemaRules.Closed);
        documentation.Schema<OptionalReasonBody>(("reason", Reason));
        documentation.Schema<OptionalReasonBody>(SchemaRules.Closed);
        documentation.Schema<SettleBody>(("reason", RequiredReason), ("generationId", SchemaRules.Uuid));
        documentation.Schema<SettleBody>(SchemaRules.Closed);
        documentation.Schema<GrantBody>(
            ("reason", RequiredReason),
            ("quota", OfType(JsonSchemaType.String) + SchemaRules.OneOf(QuotaGrant.Quotas.Keys)),
            ("amount", GrantAmount)
        );
        documentation.Schema<GrantBody>(SchemaRules.Closed);
    }

    private static void RequiredReason(OpenApiSchema schema)
    {
        schema.Type = JsonSchemaType.String;
        Reason(schema);
    }

    /// <summary>One line that is not blank.</summary>
    private static void Reason(OpenApiSchema schema)
    {
        SchemaRules.Length(1, AdminBody.MaxReasonLength)(schema);
        schema.Pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";
    }

    private static void GrantAmount(OpenApiSchema schema)
    {
        schema.Type = JsonSchemaType.Number;
        (schema.Minimum, schema.Maximum) = ("0.000001", TenantEndpoints.MaxGrant.ToString(CultureInfo.InvariantCulture));
    }

    private static Action<OpenApiSchema> OfType(JsonSchemaType type) => schema => schema.Type = type;

    private static void DescribeTenants(ApiDocumentation documentation)
    {
        documentation.Schema<AdminTenant>(("id", SchemaRules.Tenant));
        documentation.Schema<AdminPolicy>(("references", SchemaRules.Known("own", "any")));
        documentation.Schema<AdminQuota>([.. QuotasDocumentation.QuotaRules, ("granted", SchemaRules.Amount)]);
        documentation.Schema<AdminTotals>(SchemaRules.Nullable);
        documentation.Schema<AdminNeverSent>(SchemaRules.Nullable);
        documentation.Schema<AdminSum>(QuotasDocumentation.SumRules);
        documentation.Schema<AdminUsage>(("from", SchemaRules.Day), ("to", SchemaRules.Day));
        documentation.Schema<AdminUsageRow>([
            .. QuotasDocumentation.SumRules,
            ("tenant", SchemaRules.Tenant),
            ("day", SchemaRules.Day),
            ("user", SchemaRules.Matching(UserLabel.Pattern)),
        ]);
    }

    private static void DescribeGenerations(ApiDocumentation documentation)
    {
        documentation.Schema<AdminGeneration>(
            ("reservationId", SchemaRules.Uuid),
            ("tenant", SchemaRules.Tenant),
            ("state", SchemaRules.Known("queued", "reserved", "forwarding", "unknown", "settled", "released", "written-off")),
            ("images", ModelsDocumentation.Between(model => model.Quantity)),
            ("usd", SchemaRules.Usd),
            ("chargedUsd", SchemaRules.Usd),
            ("width", ModelsDocumentation.Between(model => model.Width)),
            ("height", ModelsDocumentation.Between(model => model.Height)),
            ("seed", ModelsDocumentation.Between(model => model.Seed)),
            ("generationId", SchemaRules.Uuid),
            ("user", SchemaRules.Matching(UserLabel.Pattern)),
            ("requestId", SchemaRules.Matching(RequestId.Pattern)),
            ("traceId", SchemaRules.Matching("^[0-9a-f]{32}$")),
            ("problem", SchemaRules.Known(ProblemNames))
        );
        documentation.Schema<AdminGenerations>(("next", SchemaRules.Uuid));
    }

    private static void DescribeUpstream(ApiDocumentation documentation)
    {
        documentation.Schema<AdminKey>(("tail", SchemaRules.Length(4, 4)));
        documentation.Schema<AdminBalance>(SchemaRules.Nullable);
        documentation.Schema<AdminSlots>(("used", SchemaRules.Count), ("limit", SchemaRules.Count), ("perMinute", SchemaRules.Count));
        documentation.Schema<AdminUpstream>(("waiting", SchemaRules.Count), ("lastErrors", SchemaRules.AtMost(20)));
        documentation.Schema<AdminPriceRatio>(
            ("model", ModelName),
            ("ratio", SchemaRules.Between(1, PriceRatio.Max)),
            ("statedUsd", SchemaRules.Usd),
            ("computedUsd", SchemaRules.Usd)
        );
        documentation.Schema<AdminFault>(("outcome", SchemaRules.Known(ProblemNames)));
    }

    private static void DescribeAudit(ApiDocumentation documentation)
    {
        documentation.Schema<AdminAudit>(("lines", SchemaRules.AtMost(AuditEndpoint.MaxLines)));
        documentation.Schema<AuditLine>(
            ("n", SchemaRules.Count),
            (
                "action",
                SchemaRules.Known(
                    "suspend",
                    "resume",
                    "grant",
                    "price-ratio-reset",
                    "release",
                    "settle",
                    "release-refused",
                    "settle-refused"
                )
            ),
            ("detail", OfType(JsonSchemaType.Object)),
            ("previousHash", SchemaRules.Digest),
            ("hash", SchemaRules.Digest)
        );
    }
}
