using Gateway.Leonardo.Replies;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Leonardo;

/// <summary>
/// What YARP sends, and what it does with the reply. It does not call the base class: no header, path, query or trace
/// id of the caller reaches the upstream, and nothing of the reply is streamed to the caller (P-9).
/// </summary>
/// <remarks>One instance per request: it holds the request's body and the captured reply.</remarks>
internal sealed class CreationTransformer(Uri address, OneShotContent body) : HttpTransformer
{
    /// <summary>Null until a reply has been read.</summary>
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
