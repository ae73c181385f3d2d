using System.Text;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>Scripted replies that create nothing, for any target.</summary>
internal static class Refusals
{
    private const string Html =
        "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    private const string Moderated = "Your prompt appears to contain inappropriate content. content moderation filter: forbiddenword";
    private const string OutOfRange = "parameters.width must be one of: 768, 1344";

    public static readonly Reply Garbage = new(200, [0x7B, 0x00, 0xFF, 0xFE, 0x22, 0x80, 0x0A, 0x1B, 0x5B, 0x32, 0x4A], Reply.JsonType);

    public static readonly Reply HtmlPage = new(
        200,
        Encoding.UTF8.GetBytes("<!doctype html><p>Sign in to the network to continue."),
        "text/html"
    );

    private static readonly Dictionary<string, Reply> Fixed = new(StringComparer.Ordinal)
    {
        ["refuse-validation"] = Replies.Invalid(OutOfRange),
        ["refuse-validation-bare"] = Replies.InvalidBare,
        ["refuse-string-details"] = Replies.Graph(OutOfRange, "BadRequestException", 400, "An error occurred processing your request."),
        ["refuse-in-details"] = Replies.Json(new object[] { ErrorInDetails }),
        ["refuse-errors-object"] = Replies.Json(new { errors = new object[] { ErrorInDetails } }),
        ["refuse-e1-400"] = Replies.Rest(400, "expecting a value for non-nullable variable: \"prompt\"", "validation-failed"),
        ["bad-reference"] = Replies.Invalid("invalid init image id"),
        ["moderation-400"] = Replies.Rest(400, Moderated, "unexpected"),
        ["moderation-403"] = Replies.Rest(403, Moderated, "unexpected"),
        ["moderation-200"] = Replies.Graph(Moderated, "BadRequestException", 400, new { code = "CONTENT_MODERATION", message = Moderated }),
        ["rate-limit-200"] = Replies.Graph("Too many requests", "HttpException", 429, "An error occurred processing your request."),
        ["queue-full"] = Replies.QueueFull,
        ["out-of-credit-200"] = Replies.OutOfCredit,
        ["bad-key-401"] = Replies.UnknownKey,
        ["forbidden-403"] = Replies.Rest(403, "access denied", "access-denied"),
        ["error-500"] = Replies.ServiceError,
        ["error-502-html"] = new Reply(502, Encoding.UTF8.GetBytes(Html), "text/html"),
        ["error-408"] = Replies.Rest(408, "Request timeout", "unexpected"),
        ["error-409"] = Replies.Rest(409, "Conflict", "unexpected"),
        ["inner-500"] = Replies.Graph("Service Error", "INTERNAL_SERVER_ERROR", 500, "An error occurred processing your request."),
        ["404"] = Replies.NoSuchEndpoint,
        ["403"] = new Reply(403, "<Error><Code>AccessDenied</Code></Error>"u8.ToArray(), "application/xml"),
        ["500"] = new Reply(500, "<Error><Code>InternalError</Code></Error>"u8.ToArray(), "application/xml"),
        ["null"] = Replies.Json(new { generations_by_pk = (object?)null }),
    };

    private static readonly Dictionary<string, Func<HttpContext, Account, string, Task>> Actions = new(StringComparer.Ordinal)
    {
        ["rate-limit-429"] = RateLimitAsync,
        ["out-of-credit-400"] = OutOfCreditAsync,
        ["echo-key"] = EchoKeyAsync,
        ["redirect-307"] = RedirectToTrapAsync,
        ["redirect"] = RedirectAsync,
        ["hang"] = (context, _, _) => Wire.HangAsync(context),
        ["reset-before"] = ResetAsync,
    };

    public static IEnumerable<string> Names => Fixed.Keys.Concat(Actions.Keys);

    private static object ErrorInDetails =>
        new
        {
            message = "An error occurred.",
            path = Array.Empty<string>(),
            extensions = new
            {
                code = "BAD_REQUEST",
                details = new
                {
                    code = "VALIDATION_ERROR",
                    statusCode = 400,
                    message = OutOfRange,
                },
            },
        };

    /// <returns>False: the fault is not one of these, and nothing was written.</returns>
    public static async Task<bool> TryAnswerAsync(HttpContext context, Account account, Fault fault)
    {
        if (Fixed.TryGetValue(fault.Name, out var reply))
        {
            await reply.WriteAsync(context);
            return true;
        }

        if (Actions.TryGetValue(fault.Name, out var action))
        {
            await action(context, account, fault.Argument);
            return true;
        }

        return false;
    }

    private static Task RateLimitAsync(HttpContext context, Account account, string argument)
    {
        context.Response.Headers.RetryAfter = "7";
        return Replies.TooManyRequests.WriteAsync(context);
    }

    /// <summary>Like the real reply, it names the account's user.</summary>
    private static Task OutOfCreditAsync(HttpContext context, Account account, string argument) =>
        Replies.Rest(400, $"not enough api tokens userId: {account.Options.AccountUserId}", "unexpected").WriteAsync(context);

    private static Task EchoKeyAsync(HttpContext context, Account account, string argument) =>
        Replies
            .Rest(
                400,
                $"could not authorize '{context.Request.Headers.Authorization}' for userId: {account.Options.AccountUserId}",
                "unexpected"
            )
            .WriteAsync(context);

    private static Task RedirectToTrapAsync(HttpContext context, Account account, string argument)
    {
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = "/_sim/trap";
        return Task.CompletedTask;
    }

    private static Task RedirectAsync(HttpContext context, Account account, string argument)
    {
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = argument;
        return Task.CompletedTask;
    }

    private static Task ResetAsync(HttpContext context, Account account, string argument)
    {
        Wire.Reset(context);
        return Task.CompletedTask;
    }
}
