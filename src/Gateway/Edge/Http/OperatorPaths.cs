using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>
/// The operators' routes exist in lower case only: a proxy that keeps <c>/metrics</c> from callers may compare in the
/// exact case, and routing does not (T-K17).
/// </summary>
internal static class OperatorPaths
{
    private static readonly PathString[] Paths = ["/admin", "/metrics", "/health", "/webhooks", "/openapi"];

    public static Task OnRequestAsync(HttpContext context, RequestDelegate next) =>
        IsDisguised(context.Request.Path)
            ? new Problem(ProblemTypes.NotFound, "There is no such route. Paths are written in lower case.").ExecuteAsync(context)
            : next(context);

    private static bool IsDisguised(PathString path)
    {
        foreach (var known in Paths)
        {
            if (
                path.StartsWithSegments(known, StringComparison.OrdinalIgnoreCase)
                && !path.StartsWithSegments(known, StringComparison.Ordinal)
            )
                return true;
        }
        return false;
    }
}
