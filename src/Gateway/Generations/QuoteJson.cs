using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Ledger.Rules;
using Gateway.Quotas;

namespace Gateway.Generations;

/// <summary>The answer of <c>POST /v2/generations/quote</c>.</summary>
internal sealed record QuoteJson(Quote Quote) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "private, no-store";
        return JsonResponse.WriteAsync(httpContext, "application/json", Write);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteMembers(json);
        json.WriteEndObject();
    }

    public void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteBoolean("valid"u8, true);
        json.WriteNumber("images"u8, Quote.Images);
        json.WriteStartObject("cost"u8);
        json.WriteString("amount"u8, Usd.Format(Quote.Micros));
        json.WriteString("unit"u8, "DOLLARS"u8);
        json.WriteEndObject();
        json.WriteBoolean("allowed"u8, Quote.Exceeded.Count == 0);
        json.WriteStartArray("violatedPolicies"u8);
        foreach (var exceeded in Quote.Exceeded)
            json.WriteStringValue(exceeded.Quota.Name);
        json.WriteEndArray();
        WriteRemaining(json, Quote.Quotas);
    }

    /// <summary>What is left of each quota; null: unlimited.</summary>
    public static void WriteRemaining(Utf8JsonWriter json, IEnumerable<QuotaStatus> quotas)
    {
        json.WriteStartObject("remaining"u8);
        foreach (var quota in quotas)
        {
            if (quota.Remaining is not { } remaining)
                json.WriteNull(quota.Name);
            else
                json.WriteNumber(quota.Name, UsageQuota.ToAmount(quota, remaining));
        }
        json.WriteEndObject();
    }
}
