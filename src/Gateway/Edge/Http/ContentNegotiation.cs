using Gateway.Edge.Problems;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;

namespace Gateway.Edge.Http;

/// <summary>
/// 406 for an <c>Accept</c> that excludes everything a route answers with, which is what the route declares by
/// <c>Produces</c>; a route that declares nothing accepts any.
/// </summary>
internal sealed class ContentNegotiation(RequestDelegate next)
{
    private const string Json = "application/json";

    public Task InvokeAsync(HttpContext context)
    {
        var accept = context.Request.Headers.Accept;
        return accept is [] or ["*/*"] or [Json] || IsAcceptable(accept, context.GetEndpoint()) ? next(context) : RefuseAsync(context);
    }

    private static bool IsAcceptable(StringValues accept, Endpoint? endpoint)
    {
        var produced = endpoint
            ?.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
            .Where(answer => answer.StatusCode < StatusCodes.Status400BadRequest)
            .SelectMany(answer => answer.ContentTypes)
            .ToArray();
        if (produced is null or [])
            return true;
        var header = AcceptHeader.From(accept);
        return produced.Append("application/problem+json").Any(header.Admits);
    }

    private static Task RefuseAsync(HttpContext context) =>
        new Problem(
            ProblemTypes.NotAcceptable,
            "The Accept header excludes everything this route answers with. Nothing was reserved or sent. Send Accept: application/json, or leave it out."
        ).ExecuteAsync(context);
}
