using Gateway.Edge.Documentation;
using Gateway.Quotas;

namespace Gateway.Admin;

/// <summary>An example of every body and answer of <c>/admin</c>. A test checks each against its schema.</summary>
internal static class AdminExamples
{
    private const string Policy = """
        { "models": ["flux-pro-2.0"], "allowPublic": false, "maxQuantity": 4, "maxPixels": 2073600, "references": "own" }
        """;

    private const string Quotas = """
        [{ "name": "images-month", "unit": "images", "limit": 5100, "granted": 100, "used": 55, "held": 0, "remaining": 5045, "resetsAt": "2026-12-01T00:00:00Z" }]
        """;

    private const string Unknown = """
        {
          "reservationId": "019aac5b-8e7c-7d1f-9b3c-2a1d0e4f5a6b", "tenant": "marketing", "state": "unknown", "images": 1, "usd": "0.0837",
          "chargedUsd": null, "model": "flux-pro-2.0", "width": 1440, "height": 1440, "seed": 4294967295, "reservedAt": "2026-11-22T12:00:00Z",
          "forwardedAt": "2026-11-22T12:00:00Z", "endedAt": "2026-11-22T12:00:30Z", "runningUntil": "2026-11-22T12:10:00Z", "stuckSince": null,
          "fencedAt": "2026-11-22T12:01:00Z", "generationId": null, "problem": "outcome-unknown", "status": 504, "reason": null,
          "user": "jane.doe@example.com", "requestId": "019aac5b8e7c7d1f9b3c2a1d0e4f5a6b", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
        }
        """;

    private const string Settled = """
        {
          "reservationId": "019aac5b-8e7c-7d1f-9b3c-2a1d0e4f5a6b", "tenant": "marketing", "state": "settled", "images": 1, "usd": "0.0837",
          "chargedUsd": "0.0837", "model": "flux-pro-2.0", "width": 1440, "height": 1440, "seed": 4294967295, "reservedAt": "2026-11-22T12:00:00Z",
          "forwardedAt": "2026-11-22T12:00:00Z", "endedAt": "2026-11-22T13:00:00Z", "runningUntil": null, "stuckSince": null, "fencedAt": "2026-11-22T12:01:00Z",
          "generationId": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "problem": null, "status": null, "reason": null,
          "user": "jane.doe@example.com", "requestId": "019aac5b8e7c7d1f9b3c2a1d0e4f5a6b", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
        }
        """;

    private const string Usage = """
        {
          "from": "2026-11-01", "to": "2026-11-22", "rows": [{ "tenant": "marketing", "day": "2026-11-22", "generations": 9, "images": 12, "usd": 0.984 }],
          "totals": { "generations": 9, "images": 12, "usd": 0.984 }
        }
        """;

    private const string Upstream = """
        {
          "simulator": false, "key": { "tail": "4f2a", "refused": false }, "balance": { "tokens": 3482, "at": "2026-11-22T12:00:00Z" },
          "slots": { "used": 1, "limit": 10, "perMinute": 100 }, "waiting": 0,
          "open": { "reserved": 0, "forwarding": 1, "unknown": 0, "oldestUnknown": null, "delayedOutcomes": 0, "ledgerAlarms": 0 },
          "priceRatios": [{ "model": "flux-pro-2.0", "ratio": 1.25, "statedUsd": "0.1047", "computedUsd": "0.0837", "until": "2026-11-23T11:30:00Z" }],
          "lastErrors": [{ "at": "2026-11-22T11:00:00Z", "outcome": "outcome-unknown", "why": "no answer within 30 s" }]
        }
        """;

    private const string PriceRatio = """
        { "model": "flux-pro-2.0", "ratio": 1, "statedUsd": null, "computedUsd": null, "until": null }
        """;

    private const string Audit = """
        {
          "lines": [
            {
              "n": 1, "at": "2026-11-22T12:00:00Z", "who": "olga", "action": "grant", "target": "marketing", "reason": "The autumn campaign",
              "detail": { "quota": "imagesPerMonth", "amount": 100, "period": "2026-11" },
              "previousHash": "0000000000000000000000000000000000000000000000000000000000000000",
              "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
            }
          ],
          "next": null, "unbroken": true
        }
        """;

    private const string Reason = """{ "reason": "Requested by the team's lead, ticket 4711" }""";

    private const string Grant = """{ "quota": "imagesPerMonth", "amount": 100, "reason": "The autumn campaign" }""";

    private const string Settle = """
        { "reason": "Found in the account's own list", "generationId": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53" }
        """;

    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Example<ReasonBody>("reason", Reason);
        documentation.Example<OptionalReasonBody>("reason", Reason);
        documentation.Example<GrantBody>("grant", Grant);
        documentation.Example<SettleBody>("found", Settle);
        documentation.Example<AdminTenants>(
            "tenants",
            $$"""{ "tenants": [{{Tenant("null", "null")}}], "fileErrors": [], "fileSince": "2026-11-22T09:00:00Z" }"""
        );
        documentation.Example<AdminTenant>("tenant", Tenant(QuotasDocumentation.ExampleTotals, """{ "today": 2, "month": 7 }"""));
        documentation.Example<AdminUsage>("usage", Usage);
        documentation.Example<AdminGenerations>("page", $$"""{ "generations": [{{Unknown}}], "next": null }""");
        documentation.Example<AdminGeneration>("settled", Settled);
        documentation.Example<AdminUpstream>("upstream", Upstream);
        documentation.Example<AdminPriceRatio>("computed", PriceRatio);
        documentation.Example<AdminAudit>("page", Audit);
        documentation.TextExamples["text/csv"] = "tenant,day,generations,images,usd\r\nmarketing,2026-11-22,9,12,0.9840\r\n";
    }

    private static string Tenant(string totals, string neverSent) =>
        $$"""
            { "id": "marketing", "name": "Marketing", "suspended": false, "policy": {{Policy}}, "quotas": {{Quotas}},
              "totals": {{totals}}, "neverSent": {{neverSent}} }
            """;
}
