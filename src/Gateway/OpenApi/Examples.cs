using System.Text.Json.Nodes;
using Gateway.Admin;
using Gateway.Generations;
using Gateway.Models;
using Gateway.Quotas;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Uploads;
using Microsoft.OpenApi;

namespace Gateway.OpenApi;

/// <summary>An example of every body that is taken and of every answer that is no refusal. A test holds each to its schema.</summary>
internal static class Examples
{
    /// <summary>The guide's example (https://docs.leonardo.ai/docs/flux-2-pro), without its references, which exist in nobody's account.</summary>
    private const string Guides = """
        {
          "public": false,
          "model": "flux-pro-2.0",
          "parameters": { "prompt": "A cat wearing a hat", "quantity": 1, "width": 1440, "height": 1440, "seed": 4294967295 }
        }
        """;

    private const string Generate = """
        { "generationId": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "apiCreditCost": null, "cost": { "amount": "0.0837", "unit": "DOLLARS" } }
        """;

    private const string Pending = """
        {
          "id": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "status": "PENDING", "createdAt": "2026-11-22T12:00:00.000", "generated_images": []
        }
        """;

    private const string Complete = """
        {
          "id": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "status": "COMPLETE", "createdAt": "2026-11-22T12:00:00.000", "prompt": "A cat wearing a hat",
          "negativePrompt": "", "imageWidth": 1440, "imageHeight": 1440, "public": false, "modelId": null, "presetStyle": null, "seed": 4294967295,
          "guidanceScale": null, "inferenceSteps": null, "initStrength": null, "photoRealStrength": null, "promptMagicStrength": null, "photoReal": null,
          "promptMagic": null, "ultra": null, "generation_elements": [], "prompt_moderations": [],
          "generated_images": [
            {
              "id": "7b8f9c0a-1d2e-4f3a-9b4c-5d6e7f809a1b",
              "url": "http://gateway/v1/generations/1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53/images/7b8f9c0a-1d2e-4f3a-9b4c-5d6e7f809a1b",
              "nsfw": false, "likeCount": 0, "motionMP4URL": null, "motionModel": null, "generated_image_variation_generics": []
            }
          ]
        }
        """;

    private const string Upload = """
        "id": "3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f"
        """;

    private const string Quotas = """
        { "name": "images-day", "limit": 500, "used": 12, "held": 3, "remaining": 485, "resetsAt": "2026-11-23T00:00:00Z" },
        { "name": "usd-month", "limit": "250.0000", "used": "4.1020", "held": "0.2511", "remaining": "245.6469", "resetsAt": "2026-12-01T00:00:00Z" },
        { "name": "concurrent-generations", "limit": null, "used": 1, "held": 0, "remaining": null, "resetsAt": null }
        """;

    private const string Totals = """
        { "today": { "generations": 9, "images": 12, "usd": "0.9840" }, "month": { "generations": 40, "images": 55, "usd": "4.1020" } }
        """;

    private const string Policy = """
        { "models": ["flux-pro-2.0"], "allowPublic": false, "maxQuantity": 4, "maxPixels": 2073600, "references": "own" }
        """;

    private const string OperatorsQuotas = """
        [{ "name": "images-month", "limit": 5100, "granted": 100, "used": 55, "held": 0, "remaining": 5045, "resetsAt": "2026-12-01T00:00:00Z" }]
        """;

    private const string Unknown = """
        {
          "reservationId": "019aac5b-8e7c-7d1f-9b3c-2a1d0e4f5a6b", "tenant": "marketing", "state": "unknown", "images": 1, "usd": "0.0837",
          "chargedUsd": null, "model": "flux-pro-2.0", "width": 1440, "height": 1440, "seed": 4294967295, "reservedAt": "2026-11-22T12:00:00Z",
          "forwardedAt": "2026-11-22T12:00:00Z", "endedAt": "2026-11-22T12:00:30Z", "runningUntil": "2026-11-22T12:10:00Z", "stuckSince": null,
          "fencedAt": "2026-11-22T12:01:00Z", "generationId": null, "problem": "outcome-unknown", "status": 504, "reason": null
        }
        """;

    private const string Settled = """
        {
          "reservationId": "019aac5b-8e7c-7d1f-9b3c-2a1d0e4f5a6b", "tenant": "marketing", "state": "settled", "images": 1, "usd": "0.0837",
          "chargedUsd": "0.0837", "model": "flux-pro-2.0", "width": 1440, "height": 1440, "seed": 4294967295, "reservedAt": "2026-11-22T12:00:00Z",
          "forwardedAt": "2026-11-22T12:00:00Z", "endedAt": "2026-11-22T13:00:00Z", "runningUntil": null, "stuckSince": null, "fencedAt": "2026-11-22T12:01:00Z",
          "generationId": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "problem": null, "status": null, "reason": null
        }
        """;

    private static readonly Dictionary<Type, (string Name, string Json)[]> ByType = new()
    {
        [typeof(GenerationBody)] = [("guide", Guides)],
        [typeof(GenerationCreated)] =
        [
            ("at once", $$"""{ "generate": {{Generate}} }"""),
            ("with Prefer: wait=60, ended in time", $$"""{ "generate": {{Generate}}, "generations_by_pk": {{Complete}} }"""),
        ],
        [typeof(QuoteAnswer)] =
        [
            (
                "quote",
                """
                {
                  "valid": true, "images": 1, "cost": { "amount": "0.0837", "unit": "DOLLARS" }, "allowed": false, "violatedPolicies": ["images-day"],
                  "remaining": {
                    "requests-minute": 59, "images-day": 0, "images-month": 4945, "usd-month": "245.6469", "concurrent-generations": null,
                    "org-images-day": null, "org-images-month": null, "org-usd-month": null
                  }
                }
                """
            ),
        ],
        [typeof(GenerationFound)] =
        [
            ("complete", $$"""{ "generations_by_pk": {{Complete}} }"""),
            ("pending", $$"""{ "generations_by_pk": {{Pending}} }"""),
        ],
        [typeof(GenerationList)] = [("page", $$"""{ "generations": [{{Complete}}], "next": null }""")],
        [typeof(GenerationDeleted)] = [("deleted", """{ "delete_generations_by_pk": { "id": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53" } }""")],
        [typeof(UploadWanted)] = [("png", """{ "extension": "png" }""")],
        [typeof(UploadBegun)] =
        [
            (
                "in two steps",
                $$$"""
                {
                  "uploadInitImage": {
                    {{{Upload}}},
                    "key": "initImages/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f.png",
                    "url": "http://gateway/v1/init-image/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f/upload/Zm9yIHRoZSBvcGVuQVBJIGRvY3VtZW50IG9ubHkgMTIzNA",
                    "fields": "{\"key\":\"initImages/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f.png\",\"Content-Type\":\"image/png\"}"
                  }
                }
                """
            ),
            ("in one call", $$"""{ "uploadInitImage": { {{Upload}} } }"""),
        ],
        [typeof(UploadFound)] =
        [
            (
                "upload",
                $$"""
                {
                  "init_images_by_pk": {
                    {{Upload}}, "url": "http://gateway/v1/init-image/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f/image", "createdAt": "2026-11-22T12:00:00.000"
                  }
                }
                """
            ),
        ],
        [typeof(UploadDeleted)] = [("deleted", $$"""{ "delete_init_images_by_pk": { {{Upload}} } }""")],
        [typeof(ModelList)] =
        [
            (
                "one model",
                """
                {
                  "models": [
                    {
                      "name": "flux-pro-2.0", "title": "FLUX.2 Pro", "source": "https://docs.leonardo.ai/docs/flux-2-pro",
                      "limits": {
                        "width": { "min": 256, "max": 1440, "default": 1440 }, "height": { "min": 256, "max": 1440, "default": 1440 },
                        "max_pixels": 2073600, "quantity": { "min": 1, "max": 4, "default": 1 },
                        "seed": { "min": 0, "max": 4294967295, "default": null }, "prompt_max_length": 9999, "max_references": 4, "public": false
                      },
                      "styles": [{ "name": "Dynamic", "id": "111dc692-d470-4eec-b791-3475abac4c46" }],
                      "aspect_ratios": [{ "name": "16:9", "width": 1440, "height": 810 }],
                      "price": {
                        "rule": "credits a pixel, rounded up, times dollars per credit", "credits_per_million_pixels": 27, "usd_per_credit": "0.001495",
                        "examples": [{ "width": 1440, "height": 810, "usd": "0.0478", "usd_with_references": "0.0718" }]
                      }
                    }
                  ]
                }
                """
            ),
        ],
        [typeof(UsageReport)] =
        [
            (
                "usage",
                $$"""{ "tenant": { "id": "marketing", "name": "Marketing", "identifiedBy": "network" }, "quotas": [{{Quotas}}], "totals": {{Totals}} }"""
            ),
        ],
        [typeof(ReasonBody)] = [("reason", """{ "reason": "Asked for by the team's lead, ticket 4711" }""")],
        [typeof(OptionalReasonBody)] = [("reason", """{ "reason": "Asked for by the team's lead, ticket 4711" }""")],
        [typeof(GrantBody)] = [("grant", """{ "quota": "imagesPerMonth", "amount": 100, "reason": "The autumn campaign" }""")],
        [typeof(SettleBody)] =
        [
            ("found", """{ "reason": "Found in the account's own list", "generationId": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53" }"""),
        ],
        [typeof(AdminTenants)] = [("tenants", $$"""{ "tenants": [{{Team("null")}}] }""")],
        [typeof(AdminTenant)] = [("tenant", Team(Totals))],
        [typeof(AdminUsage)] =
        [
            (
                "usage",
                """
                {
                  "from": "2026-11-01", "to": "2026-11-22", "rows": [{ "tenant": "marketing", "day": "2026-11-22", "generations": 9, "images": 12, "usd": "0.9840" }],
                  "totals": { "generations": 9, "images": 12, "usd": "0.9840" }
                }
                """
            ),
        ],
        [typeof(AdminGenerations)] = [("page", $$"""{ "generations": [{{Unknown}}], "next": null }""")],
        [typeof(AdminGeneration)] = [("settled", Settled)],
        [typeof(AdminUpstream)] =
        [
            (
                "upstream",
                """
                {
                  "simulator": false, "key": { "tail": "4f2a", "refused": false }, "balance": { "tokens": 3482, "at": "2026-11-22T12:00:00Z" },
                  "slots": { "used": 1, "limit": 10, "perMinute": 100 }, "waiting": 0,
                  "open": { "reserved": 0, "forwarding": 1, "unknown": 0, "oldestUnknown": null, "delayedOutcomes": 0, "ledgerAlarms": 0 },
                  "lastErrors": [{ "at": "2026-11-22T11:00:00Z", "outcome": "outcome-unknown", "why": "no answer within 30 s" }]
                }
                """
            ),
        ],
        [typeof(AdminAudit)] =
        [
            (
                "page",
                """
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
                """
            ),
        ],
    };

    /// <summary>Forms that are no JSON, though what they tell has a schema.</summary>
    private static readonly Dictionary<string, string> ByFormat = new(StringComparer.Ordinal)
    {
        ["text/event-stream"] =
            "retry: 2000\n\nid: 1\nevent: status\ndata: {\"generations_by_pk\":{…}}\n\n: still there\n\nid: 2\nevent: status\ndata: {\"generations_by_pk\":{…}}\n\n",
        ["text/csv"] = "tenant,day,generations,images,usd\r\nmarketing,2026-11-22,9,12,0.9840\r\n",
    };

    public static void Put(OpenApiMediaType media, Type? type, string format)
    {
        if (ByFormat.TryGetValue(format, out var text))
            (media.Schema, media.Example) = (SchemaRules.Text(), text);
        else if (type is null || !ByType.TryGetValue(type, out var examples))
            return;
        else if (examples is [var (_, json)])
            media.Example = JsonNode.Parse(json);
        else
            media.Examples = examples.ToDictionary(
                one => one.Name,
                one => (IOpenApiExample)new OpenApiExample { Summary = one.Name, Value = JsonNode.Parse(one.Json) },
                StringComparer.Ordinal
            );
    }

    private static string Team(string totals) =>
        $$"""{ "id": "marketing", "name": "Marketing", "suspended": false, "policy": {{Policy}}, "quotas": {{OperatorsQuotas}}, "totals": {{totals}} }""";
}
