using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Results;

namespace Gateway.Generations;

/// <summary>
/// Leonardo's own reply shape, <c>{"generate":{"generationId","apiCreditCost","cost"}}</c>, with the cost the tenant
/// is charged.
/// </summary>
/// <param name="WaitSeconds">What the caller asked to wait; null: it did not.</param>
internal sealed record GenerationAccepted(CreationResult.Settled Settled, int? WaitSeconds) : IResult
{
    public const string ReplayedHeader = "Idempotency-Replayed";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Settled.IsComplete ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        var address = PublicUrl.AddressFor(httpContext);
        response.Headers.Location = $"{address.Prefix}/v1/generations/{Settled.Settlement.GenerationId}";
        response.Headers.CacheControl = "private, no-store";
        if (Settled.IsReplay)
            response.Headers[ReplayedHeader] = "true";
        if (!Settled.IsComplete)
            response.Headers.RetryAfter = "2";
        if (Settled.Generation is { } generation)
            GenerationView.WriteHeaders(response, generation, WaitSeconds);
        return JsonResponse.WriteAsync(httpContext, "application/json", json => Write(json, address.Root));
    }

    private void Write(Utf8JsonWriter json, string root)
    {
        var settlement = Settled.Settlement;
        json.WriteStartObject();
        json.WriteStartObject("generate"u8);
        json.WriteString("generationId"u8, settlement.GenerationId);
        if (settlement.ApiCreditCost is { } credits)
            json.WriteNumber("apiCreditCost"u8, credits);
        else
            json.WriteNull("apiCreditCost"u8);
        json.WriteStartObject("cost"u8);
        json.WriteString("amount"u8, settlement.CostAmount ?? Usd.Format(settlement.CostMicros));
        json.WriteString("unit"u8, settlement.CostUnit);
        json.WriteEndObject();
        json.WriteEndObject();
        if (Settled.Generation is { IsEnded: true } generation)
            GenerationView.WriteMember(json, generation, root);
        json.WriteEndObject();
    }
}
