using System.Globalization;
using System.Text.Json;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;

namespace Gateway.Results;

/// <summary>
/// A generation as its owner sees it: <c>{"generations_by_pk":{…}}</c> like the upstream's, with the gateway's own
/// addresses.
/// </summary>
internal static class GenerationView
{
    public static IResult CreateResult(HttpContext context, StoredGeneration generation, int? waited)
    {
        WriteHeaders(context.Response, generation, waited);
        return new TenantJsonResult(json => WriteMembers(json, generation, PublicUrl.AddressFor(context).Root));
    }

    public static void WriteMembers(Utf8JsonWriter json, StoredGeneration generation, string root)
    {
        WriteMember(json, generation, root);
        generation.WriteRequest(json);
    }

    public static void WriteMember(Utf8JsonWriter json, StoredGeneration generation, string root)
    {
        json.WritePropertyName("generations_by_pk"u8);
        generation.WriteTo(json, root);
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
