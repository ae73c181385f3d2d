namespace Gateway.Edge.Problems;

/// <summary>Gives every failure that nobody answered its problem: what the server found in the request, what routing refused, and bugs.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Problem? problem;
        try
        {
            await next(context);
            problem =
                context.Response is { StatusCode: >= 400, HasStarted: false } && context.Features.Get<Problem>() is null
                    ? Bare(context)
                    : null;
        }
        catch (BadHttpRequestException exception)
        {
            problem = Of(exception);
        }
        catch (IOException) when (!context.Response.HasStarted)
        {
            // Kestrel says so of a chunk size that overflows (threats F6), and of a body that breaks off.
            problem = new Problem(ProblemTypes.MalformedRequest, "The request body broke off or was badly framed.");
        }
        catch (System.Data.Common.DbException exception) when (!context.Response.HasStarted)
        {
            logger.LogError(exception, "The store is away");
            problem = new Problem(ProblemTypes.StoreUnavailable, "The gateway's store did not answer. Try again.") { RetryAfter = 2 };
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            logger.LogError(exception, "A request failed by a bug of the gateway");
            problem = new Problem(ProblemTypes.Internal, "The gateway failed. The operator finds the cause in the log by the traceId.");
        }
        if (problem is not null && !context.Response.HasStarted)
            await problem.ExecuteAsync(context);
    }

    private static Problem Of(BadHttpRequestException exception) =>
        exception.StatusCode switch
        {
            StatusCodes.Status413PayloadTooLarge => new Problem(ProblemTypes.TooLarge, "The body is larger than this route takes."),
            StatusCodes.Status408RequestTimeout => new Problem(ProblemTypes.MalformedRequest, "The body came too slowly.") { Status = 408 },
            var status => new Problem(ProblemTypes.MalformedRequest, "The request is not well-formed HTTP.") { Status = status },
        };

    private static Problem? Bare(HttpContext context) =>
        context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new Problem(ProblemTypes.NotFound, "There is no such route."),
            StatusCodes.Status405MethodNotAllowed => new Problem(
                ProblemTypes.MethodNotAllowed,
                $"Allowed here: {context.Response.Headers.Allow}."
            ),
            StatusCodes.Status406NotAcceptable => new Problem(ProblemTypes.NotAcceptable, "This route answers with application/json."),
            StatusCodes.Status413PayloadTooLarge => new Problem(ProblemTypes.TooLarge, "The body is larger than this route takes."),
            StatusCodes.Status415UnsupportedMediaType => new Problem(
                ProblemTypes.UnsupportedMediaType,
                "This route takes application/json in UTF-8."
            ),
            _ => null,
        };
}
