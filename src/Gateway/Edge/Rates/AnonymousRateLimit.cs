namespace Gateway.Edge.Rates;

/// <summary>
/// Middleware, after routing and before everything that anybody may read: counts requests for which no tenant is
/// identified. Requests to other routes are counted where identification refuses them.
/// </summary>
internal sealed class AnonymousRateLimit(RequestDelegate next, AnonymousRequests anonymous)
{
    public Task InvokeAsync(HttpContext context) =>
        IsAnonymous(context) && anonymous.Count(context) is { } refusal ? refusal.ExecuteAsync(context) : next(context);

    /// <summary>
    /// Without an endpoint: a static file, or a 404. <c>/admin</c> counts its refusals itself: operators are not
    /// limited here.
    /// </summary>
    private static bool IsAnonymous(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/admin", StringComparison.OrdinalIgnoreCase)
        && (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<AllowAnonymousTenant>() is not null);
}
