using Gateway.Leonardo.Replies;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Leonardo;

/// <summary>What YARP sends, and what it does with the reply. It calls no base: none of a caller's headers, path, query or trace ids go up, and nothing streams down.</summary>
/// <remarks>One per forwarded request: it carries the request in and the captured reply out.</remarks>
internal sealed class CreationTransformer(Uri address, OneShotContent body) : HttpTransformer
{
    /// <summary>Null as long as no reply has been read.</summary>
    public UpstreamReply? Reply { get; private set; }

    public override ValueTask TransformRequestAsync(
        HttpContext httpContext,
        HttpRequestMessage proxyRequest,
        string destinationPrefix,
        CancellationToken cancellationToken
    )
    {
        proxyRequest.RequestUri = address;
        proxyRequest.Options.Set(LeonardoTransport.Body, body);
        return ValueTask.CompletedTask;
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext,
        HttpResponseMessage? proxyResponse,
        CancellationToken cancellationToken
    )
    {
        if (proxyResponse is not null)
            Reply = await UpstreamReply.ReadAsync(proxyResponse, cancellationToken);
        return false;
    }
}
