using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>Refuses what the server lets through although two readers may take it for two different requests.</summary>
internal sealed class RequestSmugglingGuard(RequestDelegate next)
{
    /// <summary>Where the server puts a <c>Content-Length</c> that came together with a <c>Transfer-Encoding</c>.</summary>
    private const string OverriddenLength = "X-Content-Length";

    private const string NoMethod = "(none)";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        // A method is case-sensitive (RFC 9110, 9.1), but routing takes "post" for POST. Under a name that no route has, routing refuses it.
        if (request.Method.AsSpan().ContainsAnyInRange('a', 'z'))
            request.Method = NoMethod;
        return request.Headers.TransferEncoding.Count > 0 && IsAmbiguous(request) ? Refuse(context) : next(context);
    }

    /// <summary>RFC 9112, 6.1 and 6.3: both lengths, or chunks in HTTP/1.0, are how requests are smuggled past a proxy that reads the other one.</summary>
    private static bool IsAmbiguous(HttpRequest request) =>
        HttpProtocol.IsHttp10(request.Protocol) || request.Headers.ContainsKey(OverriddenLength);

    private static Task Refuse(HttpContext context) =>
        new Problem(ProblemTypes.MalformedRequest, "Send either Content-Length or Transfer-Encoding, and the latter in HTTP/1.1 only.")
        {
            Close = true,
        }.ExecuteAsync(context);
}
