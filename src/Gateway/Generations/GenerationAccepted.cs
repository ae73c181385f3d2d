using System.Text.Json;
using Gateway.Edge;
using Gateway.Quotas;

namespace Gateway.Generations;

/// <summary>The upstream's own reply shape: <c>{"generate":{"generationId","apiCreditCost","cost"}}</c>, with the cost the tenant is charged.</summary>
/// <param name="Recorded">False: the settlement is not yet durable (the store is away); the answer is 202.</param>
internal sealed record GenerationAccepted(Settlement Settlement, bool Recorded, bool Replayed) : IResult
{
    public const string ReplayedHeader = "Idempotency-Replayed";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Recorded ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        response.Headers.Location = "/v1/generations/" + Settlement.GenerationId;
        response.Headers.CacheControl = "private, no-store";
        if (Replayed)
            response.Headers[ReplayedHeader] = "true";
        return JsonAnswer.WriteAsync(httpContext, "application/json", Write);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("generate"u8);
        json.WriteString("generationId"u8, Settlement.GenerationId);
        if (Settlement.ApiCreditCost is { } credits)
            json.WriteNumber("apiCreditCost"u8, credits);
        else
            json.WriteNull("apiCreditCost"u8);
        json.WriteStartObject("cost"u8);
        json.WriteString("amount"u8, Settlement.CostAmount ?? Usd.Text(Settlement.CostMicros));
        json.WriteString("unit"u8, Settlement.CostUnit);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
