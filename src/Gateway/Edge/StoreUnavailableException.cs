using Gateway.Edge.Problems;

namespace Gateway.Edge;

/// <summary>
/// The store does not answer, or does not take what it is given: full, read-only, stopped, cut off, too slow.
/// </summary>
/// <remarks>
/// Thrown by Storage, and by the ledger's writer for what waits for the store. It is declared here, below Storage, so
/// that <see cref="ProblemMiddleware"/> can answer it for every route.
/// </remarks>
internal class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>
    /// Whole seconds. An outage of the store has no known end, so every route asks the caller to wait this long.
    /// </summary>
    public const int RetryAfterSeconds = 2;

    /// <param name="detail">What it meant for this request.</param>
    public static Problem ToProblem(string detail = "The gateway's store did not answer, so the request was not completed. Try again.") =>
        new(ProblemTypes.StoreUnavailable, detail) { RetryAfter = RetryAfterSeconds };
}
