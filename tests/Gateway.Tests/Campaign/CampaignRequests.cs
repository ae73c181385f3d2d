using System.Net.Http.Headers;
using System.Text.Json;

namespace Gateway.Tests.Campaign;

/// <summary>Requests of a tenant that its header identifies.</summary>
internal static class CampaignRequests
{
    private static int _number;

    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        string tenant,
        HttpMethod method,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken,
        string? prefer = null
    )
    {
        using var request = Request(tenant, method, path);
        request.Content = content;
        if (prefer is not null)
            request.Headers.TryAddWithoutValidation("Prefer", prefer);
        return await client.SendAsync(request, cancellationToken);
    }

    private static HttpRequestMessage Request(string tenant, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("X-Tenant-Id", tenant);
        return request;
    }

    /// <summary>Each with a prompt of its own: none is a repeat of another.</summary>
    public static ByteArrayContent Body(string prompt)
    {
        var parameters = new
        {
            prompt = $"{prompt} {Interlocked.Increment(ref _number)}",
            width = 512,
            height = 512,
        };
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new { model = "flux-pro-2.0", parameters }));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }
}
