using System.Net;
using Gateway.Edge.Logging;
using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;
using Gateway.Leonardo.Replies;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Leonardo;

/// <summary>Sends one validated generation to the upstream through YARP, once, and returns the outcome.</summary>
internal sealed class LeonardoForwarder(
    IHttpForwarder forwarder,
    LeonardoAddress address,
    LeonardoTransport transport,
    LeonardoOptions options,
    OutgoingConnections outgoing,
    UpstreamStatus status,
    TimeProvider time
) : IDisposable
{
    private readonly HttpMessageInvoker _invoker = new(transport, disposeHandler: false);

    /// <summary>HTTP/1.1: there the platform never sends a POST a second time (P-1).</summary>
    private readonly ForwarderRequestConfig _config = new()
    {
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = options.Timeout,
    };

    /// <summary>
    /// Runs to completion even if the caller disconnects, since from here it may cost money. Bounded by
    /// <see cref="LeonardoOptions.Timeout"/>.
    /// </summary>
    /// <param name="body">The request, serialized from the validated object.</param>
    /// <param name="maySend">Called immediately before the first byte is sent.</param>
    public async Task<CreationOutcome> CreateAsync(ReadOnlyMemory<byte> body, Func<bool> maySend)
    {
        using var content = new OneShotContent(body, maySend);
        var began = time.GetTimestamp();
        var outcome = await SendAsync(content);
        var took = time.GetElapsedTime(began);
        RequestEvent.Current?.UpstreamMilliseconds = took.TotalMilliseconds;
        status.Record(outcome, took, content.SentWith);
        return outcome;
    }

    private async Task<CreationOutcome> SendAsync(OneShotContent content)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        var transformer = new CreationTransformer(address.Generations, content);

        // YARP gets its own context: nothing of the caller's leaks into the request, and a disconnect cannot abort it.
        var context = new DefaultHttpContext { RequestAborted = timeout.Token };
        context.Request.Method = HttpMethods.Post;
        await forwarder.SendAsync(context, address.Prefix, _invoker, _config, transformer);

        if (transformer.Reply is { } reply)
        {
            RequestEvent.Current?.UpstreamStatus = reply.Status;
            return CreationReplyParser.Parse(reply);
        }
        if (content.IsBegun)
        {
            return timeout.IsCancellationRequested
                ? new CreationOutcome.Unknown($"no answer within {options.Timeout.TotalSeconds:0.#} s", TimedOut: true)
                : new CreationOutcome.Unknown("the connection broke after the request was sent");
        }
        var why = ExplainUnsent(content, timeout.IsCancellationRequested, context.GetForwarderErrorFeature()?.Exception);
        RequestEvent.Current?.UnreachableBecause = why;
        return new CreationOutcome.Refused(
            ProblemTypes.UpstreamUnreachable,
            "No connection to Leonardo could be made, so nothing was sent and nothing was charged. Try again later."
        )
        {
            Why = why,
        };
    }

    private string ExplainUnsent(OneShotContent content, bool isTimedOut, Exception? failure) =>
        content.IsForbidden ? "timeout: the lease of this instance had expired, so it did not send"
        : isTimedOut || failure is null ? ConnectionFailure.Timeout(options.Timeout)
        : outgoing.Explain(failure, address.Generations);

    public void Dispose() => _invoker.Dispose();
}
