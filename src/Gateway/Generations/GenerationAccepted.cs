using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Ledger.Rules;
using Gateway.Results;
using Gateway.Storage;

namespace Gateway.Generations;

/// <summary>The upstream's own reply shape: <c>{"generate":{"generationId","apiCreditCost","cost"}}</c>, with the cost the tenant is charged.</summary>
/// <param name="Recorded">False: the settlement is not yet durable (the store is away); the answer is 202.</param>
internal sealed record GenerationAccepted(Settlement Settlement, bool Recorded, bool Replayed) : IResult
{
    /// <summary>As it stood when the time the caller wished to wait was over, or when it had ended; null: the caller did not wish to wait.</summary>
    public StoredGeneration? Generation { get; init; }

    /// <summary>Seconds.</summary>
    public int? Waited { get; init; }

    public const string ReplayedHeader = "Idempotency-Replayed";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var isDone = Recorded && (Waited is null || Generation is { IsEnded: true });
        response.StatusCode = isDone ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        response.Headers.Location = "/v1/generations/" + Settlement.GenerationId;
        response.Headers.CacheControl = "private, no-store";
        if (Replayed)
            response.Headers[ReplayedHeader] = "true";
        if (!isDone)
            response.Headers.RetryAfter = "2";
        if (Generation is not null)
            GenerationView.WriteHeaders(response, Generation, Waited);
        return JsonResponse.WriteAsync(httpContext, "application/json", json => Write(json, GenerationView.GetOrigin(httpContext.Request)));
    }

    private void Write(Utf8JsonWriter json, string origin)
    {
        json.WriteStartObject();
        json.WriteStartObject("generate"u8);
        json.WriteString("generationId"u8, Settlement.GenerationId);
        if (Settlement.ApiCreditCost is { } credits)
            json.WriteNumber("apiCreditCost"u8, credits);
        else
            json.WriteNull("apiCreditCost"u8);
        json.WriteStartObject("cost"u8);
        json.WriteString("amount"u8, Settlement.CostAmount ?? Usd.Format(Settlement.CostMicros));
        json.WriteString("unit"u8, Settlement.CostUnit);
        json.WriteEndObject();
        json.WriteEndObject();
        if (Generation is { IsEnded: true })
            GenerationView.WriteMember(json, Generation, origin);
        json.WriteEndObject();
    }
}
