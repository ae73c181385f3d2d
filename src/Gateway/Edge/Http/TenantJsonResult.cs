using System.Text.Json;

namespace Gateway.Edge.Http;

/// <summary>A JSON object about what one tenant owns, which no cache may store.</summary>
internal sealed record TenantJsonResult(Action<Utf8JsonWriter> Members) : IResult
{
    /// <summary><c>{"delete_…_by_pk":{"id":…}}</c>, like the upstream's answer to a delete.</summary>
    public static TenantJsonResult Deleted(string name, string id) =>
        new(json =>
        {
            json.WriteStartObject(name);
            json.WriteString("id"u8, id);
            json.WriteEndObject();
        });

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "private, no-store";
        return JsonResponse.WriteAsync(httpContext, "application/json", Write);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        Members(json);
        json.WriteEndObject();
    }
}
