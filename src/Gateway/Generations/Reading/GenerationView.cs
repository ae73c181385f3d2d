using System.Globalization;
using System.Text.Json;

namespace Gateway.Generations.Reading;

/// <summary>How a generation is told to its owner: <c>{"generations_by_pk":{…}}</c>, as the upstream has it, with the gateway's own addresses.</summary>
internal static class GenerationView
{
    /// <summary>The gateway, as this caller named it.</summary>
    public static string OriginOf(HttpRequest request) =>
        request.Host.HasValue ? $"{request.Scheme}://{request.Host.ToUriComponent()}" : "";

    public static IResult Of(HttpContext context, StoredGeneration generation, int? waited)
    {
        Describe(context.Response, generation, waited);
        return new TenantJson(json => Write(json, generation, OriginOf(context.Request)));
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
