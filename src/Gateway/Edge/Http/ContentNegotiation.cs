using Gateway.Edge.Problems;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gateway.Edge.Http;

/// <summary>406 for an <c>Accept</c> that excludes all that a route answers with. What it answers with is what it declares by <c>Produces</c>; a route that declares nothing is not judged.</summary>
internal sealed class ContentNegotiation(RequestDelegate next)
{
    private const string Json = "application/json";

    public Task InvokeAsync(HttpContext context)
    {
        var accept = context.Request.Headers.Accept;
        return accept is [] or ["*/*"] or [Json] || IsAcceptable(accept, context.GetEndpoint()) ? next(context) : Refuse(context);
    }

    private static bool IsAcceptable(StringValues accept, Endpoint? endpoint)
    {
        var produced = endpoint
            ?.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
            .Where(answer => answer.StatusCode < StatusCodes.Status400BadRequest)
            .SelectMany(answer => answer.ContentTypes)
            .ToArray();
        // An Accept that can't be read excludes nothing.
        if (produced is null or [] || !MediaTypeHeaderValue.TryParseList(accept, out var ranges))
            return true;
        return produced.Append("application/problem+json").Any(type => Admits(ranges, new MediaTypeHeaderValue(type)));
    }

    /// <summary>The most specific range that a type is in decides (RFC 9110, 12.5.1), so that <c>*/*, application/json;q=0</c> excludes JSON.</summary>
    private static bool Admits(IList<MediaTypeHeaderValue> ranges, MediaTypeHeaderValue type) =>
        ranges
            .Where(range => type.IsSubsetOf(Bare(range)))
            .OrderBy(range =>
                range.MatchesAllTypes ? 0
                : range.MatchesAllSubTypes ? 1
                : 2
            )
            .LastOrDefault()
            is { Quality: not 0 };

    /// <summary>Without parameters: <c>application/json;charset=utf-8</c> is no narrower wish here.</summary>
    private static MediaTypeHeaderValue Bare(MediaTypeHeaderValue range) => new(range.MediaType);

    private static Task Refuse(HttpContext context) =>
        new Problem(ProblemTypes.NotAcceptable, "The Accept header excludes what this route answers with.").ExecuteAsync(context);
}
