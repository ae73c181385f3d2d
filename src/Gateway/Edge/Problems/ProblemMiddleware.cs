using Microsoft.Extensions.Options;

namespace Gateway.Edge.Problems;

/// <summary>
/// Turns every failure that no handler answered into a problem: malformed HTTP, what routing refused, and bugs.
/// </summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, IOptions<RightRoutes> rightRoutes, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Problem? problem;
        try
        {
            await next(context);
            problem =
                context.Response is { StatusCode: >= 400, HasStarted: false } && context.Features.Get<Problem>() is null
                    ? FromStatus(context)
                    : null;
        }
        catch (BadHttpRequestException exception)
        {
            problem = FromBadRequest(exception);
        }
        catch (IOException) when (!context.Response.HasStarted)
        {
            // Thrown by Kestrel for a chunk size that overflows (P-6), and for a body that breaks off.
            problem = new Problem(
                ProblemTypes.MalformedRequest,
                "The request body broke off or was badly framed. Nothing was reserved or sent. Send the request again."
            );
        }
        catch (StoreUnavailableException exception) when (!context.Response.HasStarted)
        {
            Log.StoreUnavailable(logger, exception);
            problem = StoreUnavailableException.ToProblem();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            Log.RequestFailed(logger, exception);
            problem = new Problem(
                ProblemTypes.Internal,
                "The gateway has a bug. Whether anything was charged is in GET /v1/usage. Give the traceId to the operator, who finds the cause in the log."
            );
        }
        if (problem is not null && !context.Response.HasStarted)
            await problem.ExecuteAsync(context);
    }

    private static Problem FromBadRequest(BadHttpRequestException exception) =>
        exception.StatusCode switch
        {
            StatusCodes.Status413PayloadTooLarge => new Problem(
                ProblemTypes.TooLarge,
                "The body is larger than this route accepts. Nothing was reserved or sent. Send a smaller one."
            ),
            StatusCodes.Status408RequestTimeout => new Problem(
                ProblemTypes.MalformedRequest,
                "The body arrived too slowly. Nothing was reserved or sent. Send the request again."
            )
            {
                Status = 408,
            },
            var status => new Problem(
                ProblemTypes.MalformedRequest,
                "The request is not well-formed HTTP. Nothing was reserved or sent. Correct it, or use an HTTP library."
            )
            {
                Status = status,
            },
        };

    private Problem? FromStatus(HttpContext context) =>
        context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new Problem(
                ProblemTypes.NotFound,
                "There is no such route. The API is described at /swagger."
            ),
            StatusCodes.Status405MethodNotAllowed => new Problem(
                ProblemTypes.MethodNotAllowed,
                rightRoutes.Value.Find(context.Request)
                    ?? $"This route does not have that method. Allowed here: {context.Response.Headers.Allow}."
            ),
            StatusCodes.Status406NotAcceptable => new Problem(
                ProblemTypes.NotAcceptable,
                "This route answers only with application/json. Accept it, or leave Accept out."
            ),
            StatusCodes.Status413PayloadTooLarge => new Problem(
                ProblemTypes.TooLarge,
                "The body is larger than this route accepts. Nothing was reserved or sent. Send a smaller one."
            ),
            StatusCodes.Status415UnsupportedMediaType => new Problem(
                ProblemTypes.UnsupportedMediaType,
                "This route accepts only application/json in UTF-8. Nothing was reserved or sent. Set Content-Type."
            ),
            _ => null,
        };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The store is unavailable: a request was refused with 503")]
        public static partial void StoreUnavailable(ILogger logger, Exception exception);

        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "A request failed by a bug of the gateway and was answered with 500. Please report it with this entry"
        )]
        public static partial void RequestFailed(ILogger logger, Exception exception);
    }
}
