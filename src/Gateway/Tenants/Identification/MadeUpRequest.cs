using System.Net;
using Gateway.Edge;
using Gateway.Edge.Logging;

namespace Gateway.Tenants.Identification;

/// <summary>Whom a caller would be taken for: the server's own middleware, on a request that is made up.</summary>
internal static class MadeUpRequest
{
    /// <param name="headers">Equal names are one header with several values.</param>
    /// <returns>With a <see cref="Caller"/>, or a refusal, among its features.</returns>
    public static async Task<HttpContext> IdentifyAsync(
        IServiceProvider services,
        IPAddress address,
        IEnumerable<KeyValuePair<string, string>> headers
    )
    {
        var context = new DefaultHttpContext { RequestServices = services };
        context.Connection.RemoteIpAddress = address;
        context.Request.Method = HttpMethods.Get;
        context.Request.Scheme = Uri.UriSchemeHttp;
        context.Request.Path = "/v1/usage";
        context.Request.Host = new HostString("localhost");
        foreach (var header in headers.GroupBy(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase))
            context.Request.Headers[header.Key] = header.ToArray();
        context.SetEndpoint(new Endpoint(null, EndpointMetadataCollection.Empty, nameof(MadeUpRequest)));
        // It does not count among the requests of the address that is asked about.
        context.Features.Set(AnonymousRequest.Instance);
        var pipeline = new ApplicationBuilder(services);
        pipeline.UseIdentification();
        pipeline.Run(_ => Task.CompletedTask);
        // An event of its own: that of the request that asks must not say who the other one would be.
        RequestEvent.Begin();
        await pipeline.Build()(context);
        return context;
    }
}
