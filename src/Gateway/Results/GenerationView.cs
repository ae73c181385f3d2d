using System.Globalization;
using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Tenants.Identification;

namespace Gateway.Results;

/// <summary>How a generation is told to its owner: <c>{"generations_by_pk":{…}}</c>, as the upstream has it, with the gateway's own addresses.</summary>
internal static class GenerationView
{
    /// <summary>The gateway, as this caller named it; behind a trusted proxy that ends TLS, with the scheme that proxy was spoken to.</summary>
    public static string OriginOf(HttpRequest request)
    {
        if (!request.Host.HasValue)
            return "";
        var trusted = request.HttpContext.RequestServices.GetRequiredService<IdentificationOptions>().TrustedProxies;
        var isHttps =
            request.IsHttps || (request.Headers["X-Forwarded-Proto"] == "https" && Peer.Of(request.HttpContext, trusted).IsTrustedProxy);
        return $"{(isHttps ? "https" : "http")}://{request.Host.ToUriComponent()}";
    }

    public static IResult Of(HttpContext context, StoredGeneration generation, int? waited)
    {
        Describe(context.Response, generation, waited);
        return new TenantJsonResult(json => Write(json, generation, OriginOf(context.Request)));
    }

    public static void Write(Utf8JsonWriter json, StoredGeneration generation, string origin)
    {
        json.WritePropertyName("generations_by_pk"u8);
        generation.WriteTo(json, origin);
    }

    /// <summary>What an answer says of a generation beside its body.</summary>
    /// <param name="waited">Seconds the caller asked to wait; null: it did not.</param>
    public static void Describe(HttpResponse response, StoredGeneration generation, int? waited)
    {
        if (!generation.IsEnded)
            response.Headers.RetryAfter = generation.RetryAfter.ToString(CultureInfo.InvariantCulture);
        if (waited is { } seconds)
            PreferWait.Applied(response, seconds);
    }
}
