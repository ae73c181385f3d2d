using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Generations;

/// <summary><c>POST /v2/generations/quote</c>: what a request would cost, and whether it would be admitted now. Sends nothing, reserves nothing.</summary>
internal sealed class QuoteGeneration(GenerationRequestReader reading, QuotaLedger ledger)
{
    public async Task<IResult> HandleAsync(HttpContext context, Caller caller)
    {
        var (request, refusal) = await reading.ReadAsync(context.Request, caller.Tenant);
        if (refusal is not null)
            return refusal;
        var price = request!.PriceMicros;
        if (await ledger.QuotasAsync([caller.Tenant], context.RequestAborted) is not { } all)
            return new Problem(ProblemTypes.StoreUnavailable, "What is left cannot be told: the gateway's store did not answer. Try again.")
            {
                RetryAfter = 2,
            };
        var quotas = all[caller.Tenant.Id];
        string[] violated = [.. quotas.Where(quota => !quota.Admits(Need(quota, request.Quantity, price))).Select(quota => quota.Name)];
        return new Quote(request.Quantity, price, violated, quotas);
    }

    private static long Need(QuotaStatus quota, int images, long price) =>
        quota.Unit switch
        {
            QuotaStatus.Images => images,
            QuotaStatus.Micros => price,
            _ => 1,
        };

    private sealed record Quote(int Images, long Micros, IReadOnlyList<string> Violated, IReadOnlyList<QuotaStatus> Quotas) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.CacheControl = "private, no-store";
            return JsonResponse.WriteAsync(httpContext, "application/json", Write);
        }

        private void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteBoolean("valid"u8, true);
            json.WriteNumber("images"u8, Images);
            json.WriteStartObject("cost"u8);
            json.WriteString("amount"u8, Usd.Format(Micros));
            json.WriteString("unit"u8, "DOLLARS"u8);
            json.WriteEndObject();
            json.WriteBoolean("allowed"u8, Violated.Count == 0);
            json.WriteStartArray("violatedPolicies"u8);
            foreach (var policy in Violated)
                json.WriteStringValue(policy);
            json.WriteEndArray();
            json.WriteStartObject("remaining"u8);
            foreach (var quota in Quotas)
            {
                if (quota.Remaining is not { } remaining)
                    json.WriteNull(quota.Name);
                else if (quota.Unit == QuotaStatus.Micros)
                    json.WriteString(quota.Name, Usd.Format(remaining));
                else
                    json.WriteNumber(quota.Name, remaining);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }
}
