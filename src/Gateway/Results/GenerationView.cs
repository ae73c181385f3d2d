using System.Globalization;
using System.Text.Json;
using Gateway.Edge.Http;

namespace Gateway.Results;

/// <summary>
/// A generation as its owner sees it: <c>{"generations_by_pk":{…}}</c> like the upstream's, with the gateway's own
/// addresses.
/// </summary>
internal static class GenerationView
{
    /// <summary>
    /// The gateway's origin as the caller addressed it; behind a trusted proxy that terminates TLS, with the scheme of
    /// the caller's connection to the proxy.
    /// </summary>
    public static string GetOrigin(HttpRequest request)
    {
        if (!request.Host.HasValue)
            return "";
        var trusted = request.HttpContext.RequestServices.GetRequiredService<TrustedProxies>();
        var isHttps =
            request.IsHttps || (request.Headers["X-Forwarded-Proto"] == "https" && Peer.From(request.HttpContext, trusted).IsTrustedProxy);
        return $"{(isHttps ? "https" : "http")}://{request.Host.ToUriComponent()}";
    }

    public static IResult CreateResult(HttpContext context, StoredGeneration generation, int? waited)
    {
        WriteHeaders(context.Response, generation, waited);
        return new TenantJsonResult(json => WriteMember(json, generation, GetOrigin(context.Request)));
    }

    public static void WriteMember(Utf8JsonWriter json, StoredGeneration generation, string origin)
    {
        json.WritePropertyName("generations_by_pk"u8);
        generation.WriteTo(json, origin);
    }

    /// <param name="waited">The seconds that the caller asked to wait; null: it did not ask.</param>
    public static void WriteHeaders(HttpResponse response, StoredGeneration generation, int? waited)
    {
        if (!generation.IsEnded)
            response.Headers.RetryAfter = generation.RetryAfter.ToString(CultureInfo.InvariantCulture);
        if (waited is { } seconds)
            PreferWait.WriteApplied(response, seconds);
    }
}
