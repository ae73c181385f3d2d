using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>
/// Refuses requests that the server accepts but that a proxy in front may read as a different request (T-E1).
/// </summary>
internal sealed class RequestSmugglingGuard(RequestDelegate next)
{
    /// <summary>
    /// To this header Kestrel moves a <c>Content-Length</c> that came with a <c>Transfer-Encoding</c>.
    /// </summary>
    private const string OverriddenLength = "X-Content-Length";

    private const string NoMethod = "(none)";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        // Methods are case-sensitive (RFC 9110, 9.1), but routing matches "post" to POST. No route has this name, so it
        // answers 405.
        if (request.Method.AsSpan().ContainsAnyInRange('a', 'z'))
            request.Method = NoMethod;
        return request.Headers.TransferEncoding.Count > 0 && IsAmbiguous(request) ? RefuseAsync(context) : next(context);
    }

    /// <summary>
    /// RFC 9112, 6.1 and 6.3: both lengths, or chunks in HTTP/1.0, smuggle a request past a proxy that believes the
    /// other one.
    /// </summary>
    private static bool IsAmbiguous(HttpRequest request) =>
        HttpProtocol.IsHttp10(request.Protocol) || request.Headers.ContainsKey(OverriddenLength);

    private static Task RefuseAsync(HttpContext context) =>
        new Problem(
            ProblemTypes.MalformedRequest,
            "The length of the body is ambiguous. Nothing was read, reserved or sent. Send either Content-Length or Transfer-Encoding, and the latter in HTTP/1.1 only."
        )
        {
            Close = true,
        }.ExecuteAsync(context);
}
