using System.Diagnostics;

namespace Gateway.Edge.Http;

/// <summary>Whose request it is, and what finds it in logs and traces. No decision depends on it.</summary>
/// <param name="User">The person's label; null: none was named.</param>
/// <param name="RequestId">Its <c>X-Request-Id</c>.</param>
/// <param name="Trace">Its <c>traceId</c>.</param>
internal sealed record RequestOrigin(string? User, string? RequestId = null, Guid? Trace = null)
{
    public static RequestOrigin From(HttpContext context, string? user) =>
        new(user, Http.RequestId.Get(context), Activity.Current is { } activity ? ToId(activity.TraceId.ToHexString()) : null);

    /// <returns>Null: it is not a trace id.</returns>
    public static Guid? ToId(string trace) => Guid.TryParseExact(trace, "N", out var id) ? id : null;
}
