using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Ledger.Rules;
using Gateway.Tenants.Identification;
using Microsoft.OpenApi;

namespace Gateway.Quotas;

/// <summary>Documents <c>GET /v1/usage</c> and the rate-limit headers.</summary>
internal static class QuotasDocumentation
{
    /// <summary>Those that a generation needs.</summary>
    public static readonly IReadOnlyList<string> QuotaNames =
    [
        QuotaStatus.RequestsMinute,
        QuotaStatus.ImagesDay,
        QuotaStatus.ImagesMonth,
        QuotaStatus.UsdMonth,
        QuotaStatus.ConcurrentGenerations,
        QuotaStatus.JobsQueued,
        QuotaStatus.Organization + QuotaStatus.ImagesDay,
        QuotaStatus.Organization + QuotaStatus.ImagesMonth,
        QuotaStatus.Organization + QuotaStatus.UsdMonth,
    ];

    /// <summary>The members that every description of a quota has.</summary>
    public static readonly IReadOnlyList<(string, Action<OpenApiSchema>)> QuotaRules =
    [
        ("name", SchemaRules.Known([.. QuotaNames, TenantRates.UploadsMinute, TenantRates.ReadsMinute, TenantStreams.Name])),
        ("unit", SchemaRules.Known("images", "requests", "generations", "usd", QuotaStatus.Jobs, TenantStreams.Unit)),
        ("limit", SchemaRules.Amount),
        ("used", SchemaRules.Amount),
        ("held", SchemaRules.Amount),
        ("remaining", SchemaRules.Amount),
    ];

    /// <summary>The members that every sum of charges has.</summary>
    public static readonly IReadOnlyList<(string, Action<OpenApiSchema>)> SumRules =
    [
        ("generations", SchemaRules.Count),
        ("images", SchemaRules.Count),
        ("usd", SchemaRules.Amount),
    ];

    public const string ExampleTotals = """
        { "today": { "generations": 9, "images": 12, "usd": 0.984 }, "month": { "generations": 40, "images": 55, "usd": 4.102 } }
        """;

    private const string ExampleUsage = $$"""
        {
          "tenant": { "id": "marketing", "name": "Marketing", "identifiedBy": "network", "user": "jane.doe@example.com" },
          "quotas": [
            { "name": "images-day", "unit": "images", "limit": 500, "used": 12, "held": 3, "remaining": 485, "resetsAt": "2026-11-23T00:00:00Z" },
            { "name": "usd-month", "unit": "usd", "limit": 250, "used": 4.102, "held": 0.2511, "remaining": 245.6469, "resetsAt": "2026-12-01T00:00:00Z" },
            { "name": "concurrent-generations", "unit": "generations", "limit": null, "used": 1, "held": 0, "remaining": null, "resetsAt": null },
            { "name": "reads-minute", "unit": "requests", "limit": 600, "used": 40, "held": 0, "remaining": 560, "resetsAt": "2026-11-22T10:00:31Z" },
            { "name": "concurrent-streams", "unit": "streams", "limit": 64, "used": 2, "held": 0, "remaining": 62, "resetsAt": null }
          ],
          "totals": {{ExampleTotals}},
          "queue": { "waiting": 2, "position": 5, "estimatedStart": "2026-11-22T10:00:07Z" }
        }
        """;

    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Header(
            new(
                "RateLimit-Policy",
                "The quotas that have a limit (draft-ietf-httpapi-ratelimit-headers-10): `q` in each period of `w` seconds. Absent if nothing is limited.",
                SchemaRules.Matching("^\"[a-z-]+\";q=[0-9]+")
            ),
            IsForTenant
        );
        documentation.Header(
            new(
                "RateLimit",
                "What is left of these quotas: `r`, until they reset in `t` seconds.",
                SchemaRules.Matching("^\"[a-z-]+\";r=[0-9]+")
            ),
            IsForTenant
        );
        documentation.Schema<UsageTenant>(
            ("id", SchemaRules.Tenant),
            ("identifiedBy", SchemaRules.Known(IdentificationMethods.All.Select(method => method.Name))),
            ("user", SchemaRules.Matching(UserLabel.Pattern))
        );
        documentation.Schema<UsageQuota>(QuotaRules);
        documentation.Schema<UsageSum>(SumRules);
        documentation.Example<UsageReport>("usage", ExampleUsage);
    }

    private static bool IsForTenant(DocumentedOperation operation, int status) => !operation.IsAdmin && status != 401;
}
