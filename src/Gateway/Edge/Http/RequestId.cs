using System.Buffers;

namespace Gateway.Edge.Http;

/// <summary>
/// Gives every answer an <c>X-Request-Id</c>: the caller's, if it is 1–128 of <c>[A-Za-z0-9._-]</c>, else a new one.
/// </summary>
internal sealed class RequestId(RequestDelegate next)
{
    public const string Pattern = "^[A-Za-z0-9._-]{1,128}$";
    private const string Header = "X-Request-Id";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
    );

    /// <summary>Kept as the trace identifier, which the server otherwise generates.</summary>
    public static string Get(HttpContext context) => context.TraceIdentifier;

    public static bool IsValid(string id) => id is { Length: >= 1 and <= 128 } && !id.AsSpan().ContainsAnyExcept(Allowed);

    public Task InvokeAsync(HttpContext context)
    {
        var presented = context.Request.Headers[Header];
        context.TraceIdentifier = presented is [{ } id] && IsValid(id) ? id : Guid.CreateVersion7().ToString("N");
        context.Response.Headers[Header] = context.TraceIdentifier;
        return next(context);
    }
}
