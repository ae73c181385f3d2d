using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Leonardo.Simulator;

internal sealed record Reply(int Status, byte[] Body, string ContentType = Reply.JsonType)
{
    public const string JsonType = "application/json; charset=utf-8";

    public Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = Body.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["X-Request-ID"] = Guid.NewGuid().ToString();
        return context.Response.Body.WriteAsync(Body, context.RequestAborted).AsTask();
    }
}

/// <summary>
/// Leonardo's shapes of replies: plain JSON, one error object from the REST layer, and an array of errors under HTTP
/// 200 from the GraphQL layer.
/// </summary>
internal static class Replies
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Reply Json(object body) => new(200, Bytes(body));

    public static byte[] Bytes(object body) => JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Plain);

    /// <summary>An error of the REST layer: one object, with a matching HTTP status.</summary>
    public static Reply Rest(int status, string error, string code) =>
        new(
            status,
            Bytes(
                new
                {
                    error,
                    path = "$",
                    code,
                }
            )
        );

    /// <summary>An error of the GraphQL layer: an array under HTTP 200, with the status inside.</summary>
    public static Reply Graph(string message, string code, int statusCode, object details) =>
        Json(
            new object[]
            {
                new
                {
                    message,
                    path = Array.Empty<string>(),
                    extensions = new
                    {
                        code,
                        statusCode,
                        details,
                    },
                },
            }
        );

    public static Reply Invalid(string message) =>
        Graph("An error occurred.", "BadRequestException", 400, new { code = "VALIDATION_ERROR", message });

    /// <summary>As recorded for another model's style: it does not name the field.</summary>
    public static readonly Reply InvalidBare = Graph("An error occurred.", "BadRequestException", 400, new { code = "VALIDATION_ERROR" });

    public static readonly Reply OutOfCredit = Graph(
        "Insufficient tokens",
        "HttpException",
        402,
        "An error occurred processing your request."
    );

    /// <summary>The real body is not known: this text is invented, in the shape of similar errors.</summary>
    public static readonly Reply QueueFull = Graph(
        "Too many pending jobs",
        "HttpException",
        429,
        "The job queue is full. Please try again later."
    );

    public static readonly Reply TooManyRequests = Rest(429, "Too many requests", "unexpected");

    public static readonly Reply UnknownKey = Rest(401, "Authentication hook unauthorized this request", "access-denied");

    public static readonly Reply IllFormedKey = Rest(500, "Invalid response from authorization hook", "unexpected");

    public static readonly Reply ServiceError = Rest(500, "Service Error", "unexpected");

    public static readonly Reply NoSuchEndpoint = Rest(404, "Endpoint not found", "not-found");

    /// <summary>A look-up by the id in the path; Leonardo's database refuses an id that is not a UUID.</summary>
    public static Reply FindById(HttpContext context, Func<Guid, object> found)
    {
        var text = context.GetRouteValue("id") as string ?? "";
        return Guid.TryParseExact(text, "D", out var id)
            ? Json(found(id))
            : Rest(400, $"invalid input syntax for type uuid: \"{text}\"", "data-exception");
    }
}
