using Gateway.Edge.Http;
using Microsoft.OpenApi;

namespace Gateway.Edge.Documentation;

/// <summary>
/// Documents the headers that every route can answer with, and those that several features answer with.
/// </summary>
internal static class EdgeDocumentation
{
    public static readonly ResponseHeader RetryAfter = new("Retry-After", "Seconds.", Seconds, Always: true);

    private static readonly ResponseHeader RetryAfterReset = new(
        "Retry-After",
        "Seconds. Absent where the problem says `neverAdmitted`: waiting does not help.",
        Seconds
    );

    public static readonly ResponseHeader Vary = new("Vary", "Which headers of the request the answer depends on.", SchemaRules.Text());

    /// <summary>For <c>Retry-After</c> headers with a meaning of their own.</summary>
    public static OpenApiSchema Seconds => new() { Type = JsonSchemaType.Integer, Minimum = "1" };

    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Header(
            new(
                "X-Request-Id",
                "Identifies the request: the id that the caller sent, if it is valid.",
                SchemaRules.Matching(RequestId.Pattern),
                always: true
            ),
            (_, _) => true
        );
        documentation.Header(
            new("Cache-Control", "Who may store the answer, and for how long. No cache may store a refusal.", SchemaRules.Text()),
            (_, _) => true
        );
        documentation.Header(
            new("Link", "The page of the problem, `<…/problems/NAME>; rel=\"help\"`.", SchemaRules.Text(), Always: true),
            (_, status) => status >= 400
        );
        documentation.Header(RetryAfter, (_, status) => status is 202 or 503);
        documentation.Header(RetryAfterReset, (_, status) => status == 429);
        documentation.Header(
            new("WWW-Authenticate", "How to present a credential.", SchemaRules.Matching("^Bearer realm="), always: true),
            (_, status) => status == 401
        );
    }
}
